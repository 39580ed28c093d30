"""Real workers, as processes of their own: cancelled, stopped and killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SECONDS = 300.0
"""How long a worker may take to come so far: at a load of 15 on two cores, 60 were too few."""
MANY = 400
"""More people than a worker sends in the time of a test."""


class Platform:
    """A data folder with workers, and a process that answers questions on its database."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **os.environ, "STUDY_DATA_DIR": str(folder / "var"), "DATABASE_URL": "",
            "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
            "DJANGO_SETTINGS_MODULE": "studyplatform.settings",
        }  # fmt: skip
        self._workers: list[subprocess.Popen] = []
        self._answering = subprocess.Popen(
            [sys.executable, "-u", "-m", "tests.jobs.asking"], cwd=ROOT, env=self.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, question: str, *arguments):
        self._answering.stdin.write(json.dumps({question: arguments}) + "\n")
        self._answering.stdin.flush()
        return json.loads(self._answering.stdout.readline())

    def work(self, *options: str) -> subprocess.Popen:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "work", *options], cwd=ROOT, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._workers.append(worker)
        return worker

    def until(self, job: int, met: Callable[[dict], bool]) -> dict:
        """What is known of the job once it has come so far."""
        deadline = time.monotonic() + SECONDS
        while not met(found := self.ask("look", job)):
            assert time.monotonic() < deadline, f"It did not come so far: {found}"
            time.sleep(0.1)
        return found

    def close(self) -> None:
        for worker in self._workers:
            if worker.poll() is None:
                worker.kill()
            worker.communicate(timeout=30)
        self._answering.communicate(timeout=30)


@pytest.fixture(scope="module")
def platform(tmp_path_factory) -> Iterator[Platform]:
    found = Platform(tmp_path_factory.mktemp("platform"))
    assert found.ask("prepare")
    yield found
    found.close()


def children_of(process: subprocess.Popen) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(child) for child in children]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def under_way(found: dict) -> bool:
    return found["state"] == "running" and found["in_checkpoint"] >= 2


@pytest.mark.nightly
def test_a_cancelled_job_stops_within_seconds_and_its_worker_goes_on(platform):
    worker = platform.work()
    first = platform.ask("enqueue", MANY, 1)
    platform.until(first, under_way)
    began = time.monotonic()
    platform.ask("cancel", first)
    found = platform.until(first, lambda found: found["state"] == "cancelled")
    assert time.monotonic() - began < 10
    assert found["people"] == found["in_checkpoint"], "nobody was left half-way"
    # The same worker takes the next job, and SIGTERM puts it back without a lost attempt.
    second = platform.ask("enqueue", MANY, 2)
    platform.until(second, under_way)
    worker.send_signal(signal.SIGTERM)
    worker.wait(timeout=20)
    said = worker.stderr.read()
    assert worker.returncode == 130, said
    assert "went back to the queue" in said
    stopped = platform.ask("look", second)
    assert (stopped["state"], stopped["attempts"]) == ("queued", 0)
    platform.ask("cancel", second)


@pytest.mark.nightly
def test_a_killed_workers_job_is_finished_by_another_and_its_process_ends(platform):
    before = platform.ask("look", platform.ask("enqueue", 6, 3))["people"]
    job = platform.ask("enqueue", 6, 3)
    worker = platform.work()
    platform.until(job, lambda found: found["in_checkpoint"] >= 1 or found["state"] == "done")
    children = children_of(worker)
    worker.kill()
    worker.wait(timeout=20)
    deadline = time.monotonic() + 20
    while any(is_alive(child) for child in children):
        assert time.monotonic() < deadline, "the job's process outlived its worker"
        time.sleep(0.1)
    assert children
    if platform.ask("look", job)["state"] == "running":
        assert platform.ask("expire", job)
        platform.work("--once").wait(timeout=SECONDS)
    found = platform.ask("look", job)
    assert found["state"] == "done"
    assert found["people"] - before == found["in_checkpoint"] == 6
