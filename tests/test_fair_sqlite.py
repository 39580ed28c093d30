"""Writers of a file of SQLite are served in turn, whatever happens to the one whose turn it is."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3 import base as unfair

from studyplatform.databases import database
from studyplatform.fair_sqlite import base as fair
from studyplatform.fair_sqlite import turns
from tests.conftest import ROOT

WRITERS = 10
APART = 0.03  # seconds between two arrivals
PATIENCE = 20
HOLDS = """
import sys, time
from pathlib import Path
from studyplatform.fair_sqlite.turns import Turns
turn = Turns(Path(sys.argv[1]))
turn.take()
print("taken", flush=True)
time.sleep(60)
"""
Connect = Callable[[], BaseDatabaseWrapper]


@pytest.fixture(autouse=True)
def own_databases(django_db_blocker) -> Iterator[None]:
    """Let the tests open databases of their own, without the suite's."""
    with django_db_blocker.unblock():
        yield


def connector(path: Path, kind: type[BaseDatabaseWrapper]) -> Connect:
    """Return a function that opens a connection with the platform's settings."""
    options = {
        **database(f"sqlite:///{path}", path.parent),
        "ATOMIC_REQUESTS": False,
        "AUTOCOMMIT": True,
        "CONN_MAX_AGE": 0,
        "TIME_ZONE": None,
        "CONN_HEALTH_CHECKS": False,
    }
    return lambda: kind(options, "another")


def begin(connection: BaseDatabaseWrapper) -> None:
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def end(connection: BaseDatabaseWrapper) -> None:
    connection.commit()
    connection.set_autocommit(True)


def orders(connect: Connect) -> tuple[list[int], list[int]]:
    """Let writers come one after the other while somebody writes.

    Returns them in the order in which they came, and in the order in which they were served. On a
    busy machine, threads need not come in the order in which they were started.
    """
    came: list[int] = []
    served: list[int] = []

    def write(number: int) -> None:
        with closing(connect()) as connection:
            came.append(number)
            begin(connection)
            served.append(number)
            time.sleep(0.002)
            end(connection)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    with closing(connect()) as first:
        begin(first)
        for writer in writers:
            writer.start()
            time.sleep(APART)
        end(first)
    for writer in writers:
        writer.join(PATIENCE)
    return came, served


def test_writers_are_served_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    came, served = orders(connector(tmp_path / "db.sqlite3", fair.DatabaseWrapper))
    assert len(came) == WRITERS
    assert served == came


def test_without_turns_the_order_is_another(tmp_path: Path) -> None:
    """Show that the test above can fail: SQLite alone lets later writers go first."""
    connect = connector(tmp_path / "db.sqlite3", unfair.DatabaseWrapper)
    assert any(came != served for came, served in (orders(connect) for _ in range(3)))


def test_a_killed_writer_gives_up_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    with holder(path) as process:
        waiting = threading.Thread(target=taken_and_given_back, args=(path,))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive(), "nobody waited for the turn of another process"
        process.send_signal(signal.SIGKILL)
        waiting.join(PATIENCE)
        assert not waiting.is_alive()


def test_a_long_transaction_gives_up_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST", 0.2)
    long = turns.Turns(tmp_path / "db.sqlite3")
    long.take()
    begun = time.monotonic()
    taken_and_given_back(tmp_path / "db.sqlite3")
    assert 0.1 < time.monotonic() - begun < PATIENCE
    long.close()


def test_giving_a_lost_turn_back_takes_nothing_from_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST", 0.2)
    path = tmp_path / "db.sqlite3"
    late, next_one = turns.Turns(path), turns.Turns(path)
    late.take()
    next_one.take()
    late.give_back()
    assert not is_free(path)
    next_one.give_back()
    assert is_free(path)


def test_a_transaction_that_cannot_begin_gives_its_turn_back(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    with closing(connector(path, fair.DatabaseWrapper)()) as connection:

        def refuse(*call: Any) -> None:
            raise OperationalError("no")

        with connection.execute_wrapper(refuse), pytest.raises(OperationalError):
            begin(connection)
        assert is_free(path)


@pytest.mark.parametrize("ending", ["commit", "rollback", "close"])
def test_every_end_of_a_transaction_gives_the_turn_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "db.sqlite3"
    with closing(connector(path, fair.DatabaseWrapper)()) as connection:
        begin(connection)
        assert not is_free(path)
        getattr(connection, ending)()
        assert is_free(path)


def test_a_child_process_does_not_keep_the_turn(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    turn = turns.Turns(path)
    turn.take()
    child = os.fork()
    if not child:  # as a worker that begins while another thread writes
        time.sleep(5)
        os._exit(0)
    try:
        turn.give_back()
        assert is_free(path)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_whoever_cannot_queue_writes_nevertheless(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    path.with_name("db.sqlite3-turns").mkdir()  # cannot be opened as a file, not even by root
    with closing(connector(path, fair.DatabaseWrapper)()) as connection:
        begin(connection)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE t (x)")
        end(connection)
        assert connection.introspection.table_names() == ["t"]


def test_parameters_are_passed_as_djangos_own_backend_passes_them(tmp_path: Path) -> None:
    connect = connector(tmp_path / "db.sqlite3", fair.DatabaseWrapper)
    with closing(connect()) as connection, connection.cursor() as cursor:
        for _ in range(2):  # converted, and kept
            assert cursor.execute("SELECT %s, '%%', %s", ["a", 1]).fetchone() == ("a", "%", 1)
            assert cursor.execute("SELECT %(b)s", {"b": 2}).fetchone() == (2,)
        cursor.execute("CREATE TABLE t (x)")
        cursor.executemany("INSERT INTO t VALUES (%s)", [[1], [2]])
        assert cursor.execute("SELECT x FROM t WHERE x > %s", [1]).fetchall() == [(2,)]


def holder(path: Path) -> subprocess.Popen[str]:
    """Return a process that has the turn."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    return process


def taken_and_given_back(path: Path) -> None:
    turn = turns.Turns(path)
    turn.take()
    turn.close()


def is_free(path: Path) -> bool:
    """Return whether nobody has the turn."""
    with path.with_name(f"{path.name}-turns").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
