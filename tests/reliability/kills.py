"""Kills, restarts and a full disk while people send pages (R1, R2, R12, R16).

    python -m tests.reliability.kills [--people 60] [--at-once 20] [RUN ...]

A run prints what was confirmed, what was killed, and what was lost, wrong or doubled.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
django.setup()

from tests.postgres import PostgresServer, running_server  # noqa: E402
from tests.reliability.checking import Findings, compare  # noqa: E402
from tests.reliability.crowd import SLUG, Acknowledged, Told, walk_through  # noqa: E402
from tests.reliability.serving import Ground  # noqa: E402

# Counted in confirmed pages and not in seconds, so that a busy machine gets as far as an idle one.
PAGES_TO_A_KILL = 6
PAGES_TO_A_RESTART = 60
FAILURES = 20  # answers of the server that it failed, until there is space again
# Bytes of the small disk, without and with PostgreSQL's files. No server is healthy with less
# than 200 MB free.
DISK, DISK_OF_BOTH = 260_000_000, 460_000_000
Fault = Callable[["Done", "Progress"], None]


@dataclass
class Done:
    """What was done to the servers."""

    kills: int = 0
    stops: int = 0
    restarts: int = 0
    slowest_start: float = 0.0
    fillings: int = 0
    was_healthy: bool = True
    """Whether the health check said so while the disk was full."""
    export: str = ""
    """What an export onto the full disk said."""


@dataclass(frozen=True)
class Progress:
    """How far a crowd is."""

    told: Told
    over: threading.Event

    def pages(self, more: int) -> bool:
        """Wait for so many more confirmed pages, and return whether people still send some."""
        wanted = len(self.told.pages) + more
        while len(self.told.pages) < wanted:
            if self.over.wait(0.02):
                return False
        return not self.over.is_set()


@dataclass(frozen=True)
class Outcome:
    """A run: what people saw, what was done to the servers, and what the database holds."""

    told: Told
    done: Done
    found: Findings
    replays: int
    problems: list[str]
    stored: int
    """Number of stored pages."""
    participants: int
    """Number of people with a stored page."""

    def __str__(self) -> str:
        told, done, found = self.told, self.done, self.found
        figures = {
            "pages confirmed": len(told.pages),
            "people": len(told.people),
            "who completed the study": len(told.completed),
            "workers killed": done.kills,
            "violent stops of the database": done.stops,
            "restarts of the web server": done.restarts,
            "times the disk was full": done.fillings,
            "requests sent again": len(told.sent_again),
            "pages that had been stored before": self.replays,
            "longest wait in seconds": round(max(told.waits, default=0.0), 1),
            "longest recovery of the database in seconds": round(done.slowest_start, 1),
            "lost": len(found.lost),
            "wrong": len(found.wrong),
            "doubled": len(found.doubled),
            "refused": len(told.refused),
            "problems that check_integrity names": len(self.problems),
        }
        return "; ".join(f"{name} {figure}" for name, figure in figures.items())


def run(ground: Ground, people: int, at_once: int, seed: int, *faults: Fault) -> Outcome:
    """Let people go through the study while the faults happen, then compare."""
    told, over, done = Told(), threading.Event(), Done()
    with ground.served():
        threads = [
            threading.Thread(target=fault, args=(done, Progress(told, over))) for fault in faults
        ]
        for thread in threads:
            thread.start()
        try:
            walk_through(told, ground.port, people, at_once, seed)
        finally:
            over.set()
            for thread in threads:
                thread.join()
    return outcome(ground, told, done)


def outcome(ground: Ground, told: Told, done: Done) -> Outcome:
    """Compare what the people were told with what the database holds."""
    held = ground.stored()
    pages = held["pages"]
    return Outcome(
        told, done, compare(told.pages, pages), held["replays"], held["problems"], len(pages),
        len({code for code, _, _ in pages}),
    )  # fmt: skip


def killing_workers(ground: Ground, seed: int) -> Fault:
    """Kill a random worker of the web server again and again."""

    def fault(done: Done, progress: Progress) -> None:
        chance = Random(seed)
        while progress.pages(chance.randint(1, 2 * PAGES_TO_A_KILL - 1)):
            time.sleep(chance.random() / 10)  # at any point of a request
            done.kills += ground.kill_worker(chance)

    return fault


def stopping_database(server: PostgresServer, pages: int, stops: int) -> Fault:
    """Stop PostgreSQL violently: killed, told to stop at once, and one of its processes killed."""

    def fault(done: Done, progress: Progress) -> None:
        while done.stops < stops and progress.pages(pages // (stops + 1)):
            way, begun = done.stops % 3, time.monotonic()
            if way == 2 and (backends := server.backends()):
                # PostgreSQL then ends all others and recovers by itself.
                with suppress(ProcessLookupError):
                    os.kill(backends[-1], signal.SIGKILL)
            else:
                if way == 0:
                    server.kill()
                else:
                    server.process.send_signal(signal.SIGQUIT)
                    server.process.wait()
                server.start()
            done.stops += 1
            done.slowest_start = max(done.slowest_start, time.monotonic() - begun)

    return fault


def restarting(ground: Ground) -> Fault:
    """Restart the web server in turn by its own reload and by stopping and starting it."""

    def fault(done: Done, progress: Progress) -> None:
        while progress.pages(PAGES_TO_A_RESTART):
            if done.restarts % 2:
                ground.stop()
                ground.start()
            else:
                ground.process.send_signal(signal.SIGHUP)
            done.restarts += 1

    return fault


def filling_the_disk(ground: Ground, disk: Path, server: PostgresServer | None = None) -> Fault:
    """Fill the disk under the database, the data folder and the log, and free it after a while.

    PostgreSQL stops when it cannot write its log ahead. As a service manager would, the fault then
    starts it again, once there is space.
    """

    def fault(done: Done, progress: Progress) -> None:
        if not progress.pages(20):
            return
        ballast = disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(65_536)):
                pass
        failed = len(progress.told.sent_again)
        while len(progress.told.sent_again) < failed + FAILURES and not progress.over.wait(0.05):
            pass
        done.was_healthy = ground.is_up()
        done.export = ground.refused("export_study", SLUG, "--output", str(ground.folder / "out"))
        ballast.unlink()
        if server is not None and server.has_ended():
            begun = time.monotonic()
            server.start()
            done.stops += 1
            done.slowest_start = time.monotonic() - begun
        done.fillings += 1

    return fault


def forget_a_page(ground: Ground, page: Acknowledged) -> None:
    """Delete a confirmed page from the database, for the control."""
    ground.python(
        "-c",
        "import sys, django; django.setup()\n"
        "from surveys.models import Participant, Submission\n"
        "person = next(one for one in Participant.objects.all() if one.code == sys.argv[1])\n"
        "Submission.objects.filter(participant=person, step=sys.argv[2]).delete()",
        page.code, page.step,
    )  # fmt: skip


@contextmanager
def sqlite(people: int, application: str = "tests.reliability.warm") -> Iterator[Ground]:
    """Make the study in an SQLite database of its own."""
    with tempfile.TemporaryDirectory(prefix="study-kills-") as folder:
        ground = Ground(Path(folder), "", application=application)
        ground.make(places=people + people % 2)
        yield ground


@contextmanager
def postgresql(
    people: int, disk: Path | None = None, initdb: Sequence[str] = ()
) -> Iterator[tuple[Ground, PostgresServer]]:
    """Make the study on a PostgreSQL server of its own, which writes through to the disk."""
    with (
        running_server(fsync=True, parent=disk, initdb=initdb) as server,
        tempfile.TemporaryDirectory(dir=disk) as folder,
    ):
        ground = Ground(Path(folder), server.new_database())
        ground.make(places=people + people % 2)
        yield ground, server


@contextmanager
def small_disk(size: int) -> Iterator[Path]:
    """Mount a file system of so many bytes in memory, which only root can."""
    with tempfile.TemporaryDirectory(prefix="study-full-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", folder]
        subprocess.run(mount, check=True, capture_output=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def workers_on_sqlite(people: int, at_once: int) -> Outcome:
    """R1: kill web workers, on SQLite."""
    with sqlite(people) as ground:
        return run(ground, people, at_once, 1, killing_workers(ground, 1))


def workers_on_postgresql(people: int, at_once: int) -> Outcome:
    """R1: kill web workers, on PostgreSQL."""
    with postgresql(people) as (ground, _):
        return run(ground, people, at_once, 2, killing_workers(ground, 2))


def database_too(people: int, at_once: int) -> Outcome:
    """R2: kill web workers, and stop PostgreSQL violently three times."""
    with postgresql(people) as (ground, server):
        faults = (killing_workers(ground, 3), stopping_database(server, 9 * people, 3))
        return run(ground, people, at_once, 3, *faults)


def restarts(people: int, at_once: int) -> Outcome:
    """R16: restart the web server, on SQLite."""
    with sqlite(people) as ground:
        return run(ground, people, at_once, 4, restarting(ground))


def full_disk(people: int, at_once: int) -> Outcome:
    """R12: fill the disk, on SQLite."""
    with small_disk(DISK) as disk:
        ground = Ground(disk, "")
        ground.make(places=people + people % 2)
        return run(ground, people, at_once, 6, filling_the_disk(ground, disk))


def full_disk_of_postgresql(people: int, at_once: int) -> Outcome:
    """R12: fill the disk, on PostgreSQL, which needs a new file for every MB of its log."""
    segments = ("--wal-segsize=1",)
    with (
        small_disk(DISK_OF_BOTH) as disk,
        postgresql(people, disk, segments) as (ground, server),
    ):
        return run(ground, people, at_once, 7, filling_the_disk(ground, disk, server))


def careless(people: int, at_once: int) -> Outcome:
    """Control of R1: a server that confirms before the commit."""
    with sqlite(people, "tests.reliability.careless") as ground:
        return run(ground, people, at_once, 5, killing_workers(ground, 5))


RUNS = {
    "workers-sqlite": workers_on_sqlite,
    "workers-postgresql": workers_on_postgresql,
    "database": database_too,
    "restarts": restarts,
    "full-disk": full_disk,
    "full-disk-postgresql": full_disk_of_postgresql,
    "careless": careless,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", default=[], metavar="RUN", help=", ".join(RUNS))
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--at-once", type=int, default=20)
    asked = parser.parse_args()
    for name in asked.runs or RUNS:
        if name not in RUNS:
            sys.exit(f"There is no run {name!r}. The runs are {', '.join(RUNS)}.")
        print(f"{name}: {RUNS[name](asked.people, asked.at_once)}", flush=True)
