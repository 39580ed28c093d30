"""Products that several workers of the tests need: the first makes them, the others read them."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.migrated import FOLDER


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of this run called `name`, which `make` fills if no worker has done so.

    Other workers wait meanwhile. Nobody may change what is in it.
    """
    run = Path(os.environ[FOLDER])
    place, begun = run / name, run / f"{name}-begun"
    with (run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            shutil.rmtree(begun, ignore_errors=True)  # of a worker that was stopped
            begun.mkdir()
            make(begun)
            begun.rename(place)
    return place
