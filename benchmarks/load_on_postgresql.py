"""Load on PostgreSQL in steps of people, who move between two groups of server processes.

Run from the repository:

    .venv/bin/python -m benchmarks.load_on_postgresql [SECONDS [THINK [N ...]]] [--workers W]

Starts a PostgreSQL server of its own (the tests' one, writing through to the disk), and gunicorn
twice with the shipped configuration on two ports, as on two machines behind a proxy. For each N
(50 100 200 300 400 500), so many people at once go through the demo study for SECONDS (60),
each with a think time of 2.5 to 7.5 s (THINK, 5, on average), and send each page to one of both
ports, drawn by chance. Prints page steps, memory of all web processes, the share of this machine's
processors that everything used, and at the end the worst imbalance of the arms after any number of
allocations. With --workers, each gunicorn has W processes instead of those of its configuration, so
that several runs show the throughput by their number.
"""

import argparse
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks import load
from benchmarks.served import WHOLE_DEMO, prepared, running

SECONDS, THINK, PEOPLE = 60, 5, (50, 100, 200, 300, 400, 500)
ALLOCATIONS = """
SELECT stratum, arm_id FROM surveys_allocationslot
WHERE arm_id IS NOT NULL ORDER BY position, id
"""


@dataclass(frozen=True)
class Groups:
    """Two groups of server processes on one database: hosts and ports, and first processes."""

    servers: tuple[str, ...]
    processes: tuple[int, ...]
    database: str


@contextmanager
def two_groups(
    folder: Path, database: str, *options: str, create: str = WHOLE_DEMO
) -> Iterator[Groups]:
    """Yield two running groups. ``options`` are gunicorn's, for each of both."""
    environment = prepared(folder, create, database)
    with running(environment, *options) as one, running(environment, *options) as other:
        servers = tuple(urlsplit(address).netloc for address, _ in (one, other))
        yield Groups(servers, (one[1], other[1]), database)


def loaded(groups: Groups, people: int, seconds: float, think: float, each: int = 0) -> load.Times:
    """Bring people through the demo study on both groups at once."""
    link = f"http://{groups.servers[0]}/s/demo/"
    return load.run(lambda: link, people, seconds, think, each, groups.servers)


def worst_imbalance(allocations: Iterable[tuple[str, int]], arms: int) -> int:
    """Return the largest difference between two arms of a stratum after any number of allocations.

    ``allocations`` are stratum and arm in the order of the allocations, and ``arms`` is the number
    of the study's arms. With blocks that hold every arm up to m times, it is at most m.
    """
    counted: dict[str, Counter[int]] = defaultdict(Counter)
    worst = 0
    for stratum, arm in allocations:
        counted[stratum][arm] += 1
        so_far = counted[stratum]
        least = min(so_far.values()) if len(so_far) == arms else 0
        worst = max(worst, max(so_far.values()) - least)
    return worst


def allocations(database: str) -> tuple[list[tuple[str, int]], int]:
    """Return stratum and arm of all allocations in their order, and the number of arms."""
    with psycopg.connect(database) as connection:
        ((arms,),) = connection.execute("SELECT count(*) FROM surveys_arm").fetchall()
        return connection.execute(ALLOCATIONS).fetchall(), arms


def children(process: int) -> list[int]:
    """Return the ids of a gunicorn's workers."""
    return [
        int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ]


def resident(groups: Groups) -> float:
    """Return the memory that all workers hold now, in MB. What they share counts for each."""
    pages = sum(
        int(Path(f"/proc/{worker}/statm").read_text().split()[1])
        for process in groups.processes
        for worker in children(process)
    )
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def busy() -> tuple[float, float]:
    """Return the time that the machine's processors have worked, and all their time, in ticks."""
    ticks = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)  # without idle and waiting for the disk


def main(
    seconds: int = SECONDS, think: int = THINK, steps: Sequence[int] = PEOPLE, workers: int = 0
) -> None:
    """Print the figures of every step, by so many processes of each gunicorn if not 0."""
    # Not above: the server is the tests', which this module's other users may lack.
    from tests.postgres import running_server

    options = ("--workers", str(workers)) if workers else ()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(fsync=True) as server,
        two_groups(Path(folder), server.new_database(), *options) as groups,
    ):
        loaded(groups, 20, 10, 0)  # workers read the study and compile templates
        for people in steps:
            before, begun = busy(), time.monotonic()
            memory = resident(groups)
            times = loaded(groups, people, seconds, think)
            worked, all_time = (after - at for after, at in zip(busy(), before, strict=True))
            print(f"{people} at once: {times.summary(time.monotonic() - begun)}")
            print(
                f"    longest step {1000 * max(times.steps):.0f} ms; web processes "
                f"{memory:.0f} MB before and {resident(groups):.0f} MB after; the machine's "
                f"processors were {worked / all_time:.0%} busy",
                flush=True,
            )
            for error in sorted(set(times.errors)):
                print(f"    {times.errors.count(error)} times: {error}")
        drawn, arms = allocations(groups.database)
        print(f"{len(drawn)} allocations, worst imbalance {worst_imbalance(drawn, arms)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("numbers", type=int, nargs="*", metavar="SECONDS THINK N")
    parser.add_argument("--workers", type=int, default=0)
    asked = parser.parse_args()
    seconds, think, *steps = [*asked.numbers, *(SECONDS, THINK)[len(asked.numbers) :]]
    main(seconds, think, steps or PEOPLE, asked.workers)
