"""A PostgreSQL server of the tests' own: started unprivileged on loopback, gone at the end."""

import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.conftest import missing

SECONDS_TO_START = 60


@dataclass
class PostgresServer:
    """A running server; ``process`` is a direct child, so that a crash test may kill it."""

    port: int
    password: str
    folder: Path
    command: Sequence[str]
    account: dict[str, object]
    process: subprocess.Popen[bytes] = field(init=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://study:{self.password}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """The URL of a new database: empty, or a copy of ``template``, which nobody is using."""
        name = f"study_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            # Names are ours.
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def start(self) -> None:
        """Start the server, also after a kill, and wait until it lets somebody in."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"HOME": str(self.folder), "PATH": os.environ["PATH"]},
                **self.account,
            )
        _wait(self, self.folder / "log")

    def backends(self) -> list[int]:
        """The process ids of the server's children."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def has_ended(self) -> bool:
        """Whether the server has stopped by itself."""
        return self.process.poll() is not None

    def kill(self) -> None:
        """Kill the server at once. It is gone when its children have noticed, and not before."""
        children = self.backends()
        self.process.kill()
        self.process.wait()
        while any(_is_alive(pid) for pid in children):
            time.sleep(0.1)


def _is_alive(pid: int) -> bool:
    """Whether the process runs. One that has ended may wait for its parent to notice."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server, or a skip where none is installed."""
    # No test takes the power away, and a server that is killed loses nothing by it.
    with running_server(fsync=False) as server:
        yield server


@contextmanager
def running_server(
    *, fsync: bool, parent: Path | None = None, initdb: Sequence[str] = ()
) -> Iterator[PostgresServer]:
    """Run a server that lasts as long as the block; a skip where none is installed.

    Its folder is made in ``parent``, which every user must be able to enter. ``initdb``: further
    options of initdb.
    """
    binaries = _binaries()
    # Not below pytest's folder: that one is closed to the user whom the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="study-postgres-", dir=parent))
    account = _account()
    try:
        server = _start(binaries, folder, account, fsync, initdb)
        try:
            yield server
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    found = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    usable = [folder for folder in found if (folder / "initdb").exists()]
    if not usable:
        missing("No PostgreSQL server is installed (apt-get install postgresql).")
    return max(usable, key=lambda folder: (len(str(folder)), str(folder)))


def _account() -> dict[str, object]:
    """Under root, the arguments that run a process as nobody: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        missing("PostgreSQL refuses root, and there is no user nobody to run it as.")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _start(
    binaries: Path, folder: Path, account: dict[str, object], fsync: bool, initdb: Sequence[str]
) -> PostgresServer:
    password = secrets.token_urlsafe(18)
    (folder / "password").write_text(password)
    if account:
        for path in (folder, folder / "password"):
            os.chown(path, account["user"], account["group"])
    subprocess.run(
        [
            str(binaries / "initdb"),
            *("-D", str(folder / "data"), "-U", "study", "-E", "UTF8", "--locale=C.UTF-8"),
            *("--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--data-checksums"),
            *("--no-sync", *initdb),
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        **account,
    )
    port = _free_port()
    command = [
        *(str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port)),
        *("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=250"),
        *("-c", f"unix_socket_directories={folder}"),
        *("-c", f"fsync={'on' if fsync else 'off'}"),
    ]
    server = PostgresServer(port, password, folder, command, account)
    server.start()
    return server


def _wait(server: PostgresServer, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            psycopg.connect(server.url(), connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    _stop(server)
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")


def _stop(server: PostgresServer) -> None:
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGINT)  # fast shutdown: open connections are closed
        server.process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
