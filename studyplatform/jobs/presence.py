"""Which workers are alive: a file each in the data folder, touched every few seconds.

Files, because a worker that has nothing to do has no row to write to.
"""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from studyplatform.jobs.folders import jobs_folder

SECONDS_BETWEEN = 5.0
SECONDS_UNTIL_SILENT = 30.0


def _folder() -> Path:
    folder = jobs_folder() / "workers"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def shown(holder: str, kinds: Collection[str]) -> Iterator[Callable[[], None]]:
    """Show that a worker is alive while the block runs, as long as it calls what is yielded."""
    path = _folder() / holder.replace("/", "-")
    touched = 0.0

    def still_here() -> None:
        nonlocal touched
        if time.monotonic() - touched >= SECONDS_BETWEEN:
            path.write_text(",".join(sorted(kinds)), encoding="utf-8")
            touched = time.monotonic()

    try:
        yield still_here
    finally:
        path.unlink(missing_ok=True)


def kinds_at_work() -> frozenset[str]:
    """Return the kinds of jobs that at least one living worker takes."""
    alive = time.time() - SECONDS_UNTIL_SILENT
    found: set[str] = set()
    for path in _folder().iterdir():
        try:
            if path.stat().st_mtime >= alive:
                found.update(path.read_text(encoding="utf-8").split(","))
            else:
                path.unlink(missing_ok=True)  # left by a worker that was killed
        except FileNotFoundError:
            continue
    return frozenset(found)
