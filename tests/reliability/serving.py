"""A web server of the platform on loopback, as deployed, for tests that kill and restart it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from typing import Any

from tests.conftest import ROOT
from tests.test_proxy import free_port

WORKERS = 4
SECONDS_TO_START = 120


@dataclass
class Ground:
    """A database with the study of tests.reliability.prepared, and a web server on it."""

    folder: Path
    url: str
    """DATABASE_URL; SQLite in the folder if it is empty."""
    port: int = field(default_factory=free_port)
    application: str = "tests.reliability.warm"
    options: tuple[str, ...] = ()
    """Further options of gunicorn."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ, "STUDY_DEBUG": "0", "STUDY_SECRET_KEY": "k" * 50,
            "DATABASE_URL": self.url, "STUDY_ALLOWED_HOSTS": "127.0.0.1", "STUDY_HTTPS": "0",
            "STUDY_DATA_DIR": str(self.folder / "var"), "STUDY_ARRIVALS_PER_MINUTE": "100000",
            "STUDY_WEIGHTS_FOLDERS": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "tests.reliability.settings",
        }  # fmt: skip

    def make(self, places: int) -> None:
        """Fill the database with the study."""
        self.python("-m", "tests.reliability.prepared", "make", str(self.folder), str(places))
        self.python("manage.py", "collectstatic", "--no-input", "--verbosity", "0")

    def stored(self) -> dict[str, Any]:
        """Return what tests.reliability.prepared tells of the database."""
        told: dict[str, Any] = json.loads(self.python("-m", "tests.reliability.prepared", "stored"))
        return told

    def python(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE, text=True,
        ).stdout  # fmt: skip

    def refused(self, *command: str) -> str:
        """Return what a command of manage.py ends with that fails; empty if it does its work."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT, env=self.environment, check=False, capture_output=True, text=True,
        )  # fmt: skip
        return done.stderr if done.returncode else ""

    def start(self) -> None:
        """Start gunicorn with the shipped configuration. Workers are forked from a loaded master,
        so that a killed one is replaced at once."""
        with (self.folder / "gunicorn.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--preload",
                 "--workers", str(WORKERS), "--bind", f"127.0.0.1:{self.port}", *self.options,
                 self.application],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + SECONDS_TO_START
        while not self.is_up():
            assert self.process.poll() is None, (self.folder / "gunicorn.log").read_text()[-3000:]
            assert time.monotonic() < deadline, "gunicorn did not start."
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop gunicorn as a service manager does. It finishes the requests that it has begun."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def is_up(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", "/health/")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        master = self.process.pid
        return [
            int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()
        ]

    def kill_worker(self, chance: Random) -> bool:
        """Kill one of the workers, and return whether there was one."""
        workers = self.workers()
        with suppress(ProcessLookupError):
            if workers:
                os.kill(chance.choice(workers), signal.SIGKILL)
                return True
        return False

    @contextmanager
    def served(self) -> Iterator[None]:
        try:
            self.start()
            yield
        finally:
            self.stop()
