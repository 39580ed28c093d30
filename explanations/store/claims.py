"""Claims on keys, so that two commands in parallel do not compute anything twice.

A claim is a lock on a byte of a file, at an offset derived from the key. The byte need not exist.
The operating system releases the lock when the process ends, in whatever way, so that a claim
cannot become stale.
"""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

# Sixty bits of the key are used, so that the offset fits a signed number of 64 bits.
_DIGITS = 15


class Claims:
    """Claims of this process. Create a single object per folder and process, and close it.

    A second object for the folder in one process would not be kept out, and closing it would
    release the first object's claims. POSIX locks, which also work over NFS, behave like that.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(folder / "claims.lock", os.O_RDWR | os.O_CREAT, 0o644)

    def take(self, keys: Iterable[str]) -> bool:
        """Claim all keys, or none if another process has claimed any of them."""
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
        """Release the claims on ``keys``."""
        for key in keys:
            fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, _offset(key))

    def close(self) -> None:
        """Release all claims."""
        os.close(self._handle)

    def __enter__(self) -> "Claims":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _offset(key: str) -> int:
    return int(key[:_DIGITS], 16)
