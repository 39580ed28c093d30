"""The process that does one job and ends.

It imports nothing of ours at the top: a new process must set Django up before any model is loaded.
"""

import io
import os
import signal
import sys
import threading
from importlib import import_module
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

import django

from studyplatform.jobs.lease import Lease


class NotATerminal(io.TextIOWrapper):
    """The standard error, on which libraries must draw no progress bars: the job's page has one."""

    def isatty(self) -> bool:
        return False


def main(lease: Lease, connection: Connection) -> None:
    """Do the job and send what it tells, then how it ended, to the worker."""
    # A group of its own, so that the worker can end it together with the processes that it starts.
    os.setsid()
    signal.signal(signal.SIGTERM, _interrupt)
    sys.stderr = NotATerminal(os.fdopen(os.dup(2), "wb"), write_through=True)
    threading.Thread(target=_end_with_the_worker, args=(connection,), daemon=True).start()
    django.setup()
    sending = threading.Lock()

    def tell(message: Any) -> None:
        with sending:
            connection.send(message)

    try:
        tell(import_module("studyplatform.jobs.attempt").attempt(lease, tell))
    finally:
        # The worker ends this process as soon as it knows the result. Whatever libraries would
        # still do at the exit of an interpreter would be interrupted in the middle.
        sys.stderr.flush()
        os._exit(0)


def _end_with_the_worker(connection: Connection) -> None:
    """End this process and its own ones when the worker is gone, however it went.

    The worker never sends anything, so that the connection can be read only when it is closed.
    """
    try:
        connection.recv()
    except (EOFError, OSError):
        os.killpg(os.getpgid(0), signal.SIGKILL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
