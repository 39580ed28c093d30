"""Who computes what: a claim on a key, so that two commands at once do nothing twice.

A claim is a lock on one byte of a file, at an offset that the key gives. The byte need not exist.
The system gives the lock back when its process ends, however it ends: nothing goes stale.
"""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

# Sixty bits of the key, so that the offset fits a signed number of 64 bits.
_DIGITS = 15


class Claims:
    """The claims of this process; one object per folder and process, to be closed.

    Another object on the same folder in the same process would not be kept out, and closing it
    would give back this one's claims: such are the locks of POSIX, which also work over NFS.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(folder / "claims.lock", os.O_RDWR | os.O_CREAT, 0o644)

    def take(self, keys: Iterable[str]) -> bool:
        """Claim all keys, or none where another process has one of them."""
        taken: list[str] = []
        for key in keys:
            try:
                fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _offset(key))
            except OSError as error:
                self.release(taken)
                if isinstance(error, BlockingIOError | PermissionError):
                    return False
                raise
            taken.append(key)
        return True

    def release(self, keys: Iterable[str]) -> None:
        for key in keys:
            fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, _offset(key))

    def close(self) -> None:
        os.close(self._handle)

    def __enter__(self) -> "Claims":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _offset(key: str) -> int:
    return int(key[:_DIGITS], 16)
