"""The queue of everybody who writes to a file of SQLite, over all threads and processes.

SQLite lets a writer that finds the file locked sleep and try again, longer each time, so that
whoever comes later often writes first. With twenty people at once, some waited for seconds while
most were answered at once. The kernel serves the waiters of a lock (flock) in the order in which
they came, and wakes the next one at once.

A turn is a courtesy, and SQLite's own lock keeps the data whole: without a turn, a writer waits as
SQLite lets it. That happens where the lock file cannot be opened, and after a transaction of more
than LONGEST seconds.
"""

import fcntl
import os
import threading
import time
from pathlib import Path

ENDING = "-turns"
"""What the name of the lock file has after the database's."""
LONGEST = 2.0
"""Seconds after which a transaction gives up its turn. Then the next writer waits for SQLite's own
lock, for a limited time."""


class Turns:
    """A connection's access to the queue. Only the connection's own thread uses it."""

    def __init__(self, database: Path) -> None:
        # Closing any file descriptor of the database itself would take SQLite's locks away.
        self._path = database.with_name(f"{database.name}{ENDING}")
        self._file: int | None = None
        self._is_mine = False

    def take(self) -> None:
        """Wait until nobody who came earlier is writing."""
        if self._is_mine or not self._is_open():
            return
        fcntl.flock(self._file, fcntl.LOCK_EX)  # type: ignore[arg-type]
        self._is_mine = True
        _watch.begin(self._file)  # type: ignore[arg-type]

    def give_back(self) -> None:
        """Let the next one write. Does nothing without a turn."""
        if self._is_mine:
            self._is_mine = False
            _watch.end(self._file)  # type: ignore[arg-type]

    def close(self) -> None:
        """Give the turn back and leave the lock file."""
        self.give_back()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _is_open(self) -> bool:
        if self._file is None:
            try:
                # Every user who may write to the database waits in this queue.
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except OSError:
                return False
        return True


class _Watch:
    """The turns of this process, and a thread that ends those that take too long.

    A turn is a file descriptor and the moment at which it began.
    """

    def __init__(self) -> None:
        self._turns: dict[int, float] = {}
        self._changes = threading.Lock()
        self._is_needed = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, file: int) -> None:
        with self._changes:
            self._turns[file] = time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._end_late, daemon=True)
                self._thread.start()
        if not self._is_needed.is_set():
            self._is_needed.set()

    def end(self, file: int) -> None:
        with self._changes:
            if self._turns.pop(file, None) is not None:
                fcntl.flock(file, fcntl.LOCK_UN)

    def _end_late(self) -> None:
        while True:
            self._is_needed.wait()
            time.sleep(LONGEST / 4)
            with self._changes:
                begun = time.monotonic() - LONGEST
                late = [file for file, since in self._turns.items() if since < begun]
                if not self._turns:
                    self._is_needed.clear()
            for file in late:
                self.end(file)


_watch = _Watch()


def _begin_anew() -> None:
    """Forget the turns of the parent process, whose thread a fork does not copy."""
    global _watch
    _watch = _Watch()


os.register_at_fork(after_in_child=_begin_anew)
