"""manage.py serve [ADDRESS]: the development server with workers beside it, for make serve."""

import subprocess
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from explanations.management.base import PlatformCommand
from studyplatform.jobs.kinds import Lane

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_STOP = 15
MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))


class Command(PlatformCommand):
    """The web server and a worker for each lane of jobs, which end together."""

    if_stopped = "The server and its workers have ended."
    help = (
        "Serves the pages and does the jobs of the panel, on this machine. Participants need a "
        "real server: see docs/operators.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument("address", nargs="?", default="127.0.0.1:8000", metavar="ADDRESS")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        """Serve until the server ends or the command is interrupted."""
        server = _started("runserver", address)
        workers = {lane: _started("work", "--lane", lane) for lane in Lane if lane.kinds}
        try:
            while server.poll() is None:
                # A worker that was killed is replaced: its job must not wait for an administrator.
                for lane, worker in workers.items():
                    if worker.poll() is not None:
                        workers[lane] = _started("work", "--lane", lane)
                time.sleep(SECONDS_BETWEEN_LOOKS)
        finally:
            _stop_all([server, *workers.values()])


def _started(*arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([*MANAGE, *arguments])  # noqa: S603 - our own commands


def _stop_all(processes: "list[subprocess.Popen[bytes]]") -> None:
    """End the processes by their own ids, kindly at first, all within one time limit."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + SECONDS_TO_STOP
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
