"""manage.py serve [ADDRESS]: the development server with a worker beside it, for make serve."""

import subprocess
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from explanations.management.base import PlatformCommand

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_STOP = 15
MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))


class Command(PlatformCommand):
    """Two processes, the web server and a worker, that end together."""

    if_stopped = "The server and its worker have ended."
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
        worker = _started("work")
        try:
            while server.poll() is None:
                # A worker that was killed is replaced: its job must not wait for an administrator.
                if worker.poll() is not None:
                    worker = _started("work")
                time.sleep(SECONDS_BETWEEN_LOOKS)
        finally:
            _stop(server)
            _stop(worker)


def _started(*arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([*MANAGE, *arguments])  # noqa: S603 - our own commands


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process by its own id, kindly at first."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
