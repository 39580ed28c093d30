"""Thousands of people in a database of an earlier state, and how long its upgrade takes (R15).

    python -m tests.upgrades.multiplied [SESSIONS]

The people of the oldest state here are copied, everybody under a pseudonym, an address and codes of
their own, into the arm that the study's seed draws for the next arrival. The ledger is written anew
for as many places, because its first entry declares them.
"""

import hashlib
import json
import lzma
import os
import random
import sqlite3
import string
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from surveys.allocation.book import Book
from surveys.allocation.entries import ALLOCATED, ARRIVED, Origin
from surveys.allocation.scheme import Scheme

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
OLDEST = "b393eaf4"
SESSIONS = 10_000
PLACES = "places = 70\n"
AT_A_TIME = 500  # people whose rows are kept in memory
Row = dict[str, Any]


def filled(commit: str, path: Path) -> None:
    """Write the database as it was then, and its files next to it."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript(lzma.decompress((FOLDER / f"{commit}.sql.xz").read_bytes()).decode())
    with tarfile.open(FOLDER / f"{commit}.data.tar.xz") as archive:
        archive.extractall(path.parent, filter="data")


def multiply(path: Path, sessions: int) -> None:
    """Add people to the oldest database until so many have arrived in all."""
    with closing(sqlite3.connect(path)) as database, database:
        database.row_factory = sqlite3.Row
        triggers = _rows(database, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        for trigger in triggers:  # they forbid that a ledger is written anew
            database.execute(f'DROP TRIGGER "{trigger["name"]}"')
        book = _begin_anew(database, sessions)
        copies = _Copies(database)
        while len(book.arms) < sessions:
            arrival = book.arrive()
            drawn = book.allocate(arrival, {})
            place = {"position": len(book.arms), "block": drawn.block, "place": drawn.place}
            copies.add(drawn.arm, {**place, "arrival": arrival, "copy": drawn.copy})
        copies.write()
        database.execute("DELETE FROM surveys_ledgerentry")
        database.executemany(
            "INSERT INTO surveys_ledgerentry (study_id, simulated, sequence, previous, content, "
            "hash) VALUES (1, 0, ?, ?, ?, ?)",
            [(one.sequence, one.previous, one.content, one.hash) for one in book.entries],
        )
        for trigger in triggers:
            database.execute(trigger["sql"])


def _begin_anew(database: sqlite3.Connection, sessions: int) -> Book:
    """Give the study enough places, and return its ledger with the arrivals that there were."""
    ((source,),) = database.execute("SELECT source FROM surveys_study").fetchall()
    if source.count(PLACES) != 1:
        raise ValueError(f"The study file does not declare {PLACES.strip()!r}.")
    text = source.replace(PLACES, f"places = {2 * sessions}\n")
    changed = (text, hashlib.sha256(text.encode()).hexdigest())
    for table in ("surveys_study", "surveys_studyversion"):
        database.execute(f"UPDATE {table} SET source = ?, source_sha256 = ?", changed)
    first, *events = (
        json.loads(row["content"])
        for row in database.execute("SELECT content FROM surveys_ledgerentry ORDER BY sequence")
    )
    scheme = Scheme.from_content({**first["scheme"], "places": 2 * sessions})
    book = Book(Origin(first["study"], changed[1], simulated=False), scheme)
    for event in events:
        if event["event"] == ARRIVED:
            book.arrive()
        elif event["event"] == ALLOCATED:
            book.allocate(event["arrival"], event["levels"])
        else:
            raise ValueError(f"The ledger has the event {event['event']!r}, which is not repeated.")
    return book


class _Copies:
    """Copies of the people whom the database has, one of each arm, which are added to it."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._chance = random.Random(20)
        self._people = {
            row["key"]: _with_rows(database, row["person"])
            for row in database.execute(
                "SELECT arm.key, min(person.id) AS person FROM surveys_participant person "
                "JOIN surveys_arm arm ON arm.id = person.arm_id GROUP BY arm.key"
            )
        }
        self._next: dict[str, int] = {}
        self._rows: dict[str, list[Row]] = defaultdict(list)

    def add(self, arm: str, place: Row) -> None:
        """Add a copy of the arm's person, with the place."""
        rows, chance = self._people[arm], self._chance
        (original,) = rows["participant"]
        person = self._copy("participant", {
            **original, "code": _text(chance, 32), "arrival_key": _text(chance, 32),
            "pseudonym": f"P{place['position']:08x}",
            "personal_code": "-".join(_text(chance, 4).upper() for _ in range(3)),
            "completion_code": original["completion_code"] and _text(chance, 8).upper(),
        })  # fmt: skip
        own = {"participant_id": person}
        trials = {
            row["id"]: self._copy("trial", {**row, **own, "picture_code": _text(chance, 32)})
            for row in rows["trial"]
        }
        pages = {
            row["id"]: self._copy("submission", {
                **row, **own, "trial_id": trials.get(row["trial_id"]),
            })
            for row in rows["submission"]
        }  # fmt: skip
        for row in rows["answer"]:
            self._copy("answer", {**row, "submission_id": pages[row["submission_id"]]})
        for name in ("pageview", "event"):
            for row in rows[name]:
                self._copy(name, {**row, **own})
        for row in rows["allocationslot"]:
            self._copy("allocationslot", {**row, **own, **place})
        if len(self._rows["participant"]) >= AT_A_TIME:
            self.write()

    def write(self) -> None:
        """Insert the rows that were added since the last time."""
        for name, rows in self._rows.items():
            columns = ", ".join(f'"{column}"' for column in rows[0])
            marks = ", ".join("?" * len(rows[0]))
            self._database.executemany(
                f"INSERT INTO surveys_{name} ({columns}) VALUES ({marks})",
                [tuple(row.values()) for row in rows],
            )
        self._rows.clear()

    def _copy(self, name: str, row: Row) -> int:
        """Keep the row under a new id, which is returned."""
        if name not in self._next:
            query = f"SELECT max(id) FROM surveys_{name}"
            self._next[name] = self._database.execute(query).fetchone()[0]
        self._next[name] += 1
        self._rows[name].append({**row, "id": self._next[name]})
        return self._next[name]


def _with_rows(database: sqlite3.Connection, person: int) -> dict[str, list[Row]]:
    """Return the person and all rows that lead to them, by table."""
    found = {"participant": _rows(database, f"SELECT * FROM surveys_participant WHERE id={person}")}
    for name in ("allocationslot", "trial", "submission", "pageview", "event"):
        found[name] = _rows(database, f"SELECT * FROM surveys_{name} WHERE participant_id={person}")
    found["answer"] = _rows(
        database,
        "SELECT answer.* FROM surveys_answer answer JOIN surveys_submission page "
        f"ON page.id = answer.submission_id WHERE page.participant_id = {person}",
    )
    return found


def _rows(database: sqlite3.Connection, query: str) -> list[Row]:
    return [dict(row) for row in database.execute(query)]


def _text(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(string.ascii_letters + string.digits, k=length))


def cells(path: Path) -> Iterator[tuple[str, str, list[Any]]]:
    """Yield table, column and the values by id, for every column of the platform's tables."""
    with closing(sqlite3.connect(path)) as database:
        names = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND "
            "(name LIKE 'surveys_%' OR name LIKE 'explanations_%') ORDER BY name"
        ).fetchall()
        for (table,) in names:
            for row in database.execute(f"PRAGMA table_info({table})").fetchall():
                query = f'SELECT id, "{row[1]}" FROM {table} ORDER BY id'
                yield table, row[1], database.execute(query).fetchall()


def environment(data: Path) -> dict[str, str]:
    """Return the environment of a process on the database db.sqlite3 in the folder."""
    return {"PATH": os.environ["PATH"], "STUDY_DATA_DIR": str(data),
            "DJANGO_SETTINGS_MODULE": "studyplatform.settings"}  # fmt: skip


def seconds_to_migrate(data: Path) -> tuple[float, float]:
    """Migrate the database in the folder as an operator does.

    Return how long that took, and the processor time that it took.
    """
    begun, before = time.monotonic(), os.times()
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT, env=environment(data), check=True,
    )  # fmt: skip
    after = os.times()
    processor = sum(after[2:4]) - sum(before[2:4])  # of processes that were waited for
    return time.monotonic() - begun, processor


def main(sessions: int = SESSIONS) -> None:
    """Print how long the upgrade of a database with so many sessions takes."""
    with tempfile.TemporaryDirectory() as folder:
        for number in (0, sessions):
            data = Path(folder) / str(number)
            data.mkdir()
            path = data / "db.sqlite3"
            filled(OLDEST, path)
            if number:
                multiply(path, number)
            megabytes = path.stat().st_size / 1e6
            seconds, processor = seconds_to_migrate(data)
            print(
                f"{number or 'ten'} sessions, {megabytes:.1f} MB: migrated in {seconds:.1f} s, "
                f"{processor:.1f} s of processor time",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
