"""Base class of all commands: interruption, and faults of the file system, in one sentence each."""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError

INTERRUPTED = 130
"""Exit status of a program that Ctrl-C has stopped."""


class PlatformCommand(BaseCommand):
    """Command whose every end is a sentence and an exit status, never a traceback.

    Ctrl-C and SIGTERM end it with the status 130.
    """

    if_stopped: ClassVar[str] = "Nothing was changed."
    """What a stopped run leaves behind, and how to continue."""

    def prepare(self, options: Mapping[str, Any]) -> None:
        """Check what the command needs before it starts. Raises CommandError."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command. Raises CommandError for an interruption and for a file system's
        fault."""
        try:
            with _terminated_like_interrupted():
                self.prepare(options)
                return super().execute(*args, **options)
        except KeyboardInterrupt:
            raise CommandError(f"Stopped. {self.if_stopped}", returncode=INTERRUPTED) from None
        except OSError as error:
            # Without a file name it is no fault of a path, but of a connection or a program.
            if error.filename is None:
                raise
            raise CommandError(
                f"{error.filename} cannot be used: {error.strerror}. Check the path, its "
                "permissions and the free space, then repeat the command."
            ) from error


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Treat SIGTERM, with which services and batch systems stop a program, as Ctrl-C."""
    # Only the main thread may change handlers; elsewhere, whoever started the thread decides.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
