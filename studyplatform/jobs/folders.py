"""The private folder of each job: what an attempt keeps for the next, and its output.

An attempt has a folder of its own, named after its token, so that a worker that was replaced can
never touch the files of the worker that replaced it.

    jobs/17/3/kept/     what attempt 3 has computed, for attempt 4 if this one is killed
    jobs/17/3/output/   the result: absent or complete
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from explanations.store.atomic_files import sha256_of_file, sync_folder
from studyplatform.jobs.lease import Lease

UNFINISHED = ".part"


def jobs_folder() -> Path:
    """Return the folder of all jobs, which only the server's own account may enter."""
    folder: Path = settings.DATA_DIR / "jobs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@dataclass(frozen=True)
class AttemptFolder:
    """The folder of one attempt at a job."""

    path: Path

    @property
    def kept(self) -> Path:
        return self.path / "kept"

    @property
    def output(self) -> Path:
        """The result, complete or absent."""
        return self.path / "output"

    @property
    def work(self) -> Path:
        """The result while it is written."""
        return self.path / f"output{UNFINISHED}"

    def complete(self) -> list[dict[str, Any]]:
        """Make the written files the result, and return their names, sizes and hashes."""
        files = [
            {
                "name": path.relative_to(self.work).as_posix(),
                "bytes": path.stat().st_size,
                "sha256": _synced_hash(path),
            }
            for path in sorted(_files(self.work))
        ]
        self.work.replace(self.output)
        sync_folder(self.path)
        return files


def begin_attempt(lease: Lease) -> AttemptFolder:
    """Make the folder of a new attempt, with all that an earlier attempt has kept."""
    job = jobs_folder() / str(lease.job)
    folder = AttemptFolder(job / str(lease.token))
    folder.path.mkdir(parents=True)
    # Copied and not shared: the worker of the earlier attempt may still be writing.
    before = [AttemptFolder(path) for path in _attempts(job) if int(path.name) < lease.token]
    kept = next((one.kept for one in reversed(before) if one.kept.is_dir()), None)
    part = folder.path / f"kept{UNFINISHED}"
    if kept is None:
        part.mkdir()
    else:
        shutil.copytree(kept, part)
    part.replace(folder.kept)
    folder.work.mkdir()
    return folder


def remove_all_but(lease: Lease) -> None:
    """Remove what earlier attempts left, and what the finished one no longer needs."""
    job = jobs_folder() / str(lease.job)
    for path in _attempts(job):
        if int(path.name) < lease.token:
            shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(AttemptFolder(job / str(lease.token)).kept, ignore_errors=True)


def remove_folder(job: int) -> None:
    """Remove everything of a job."""
    shutil.rmtree(jobs_folder() / str(job), ignore_errors=True)


def remove_files(job: int, token: int, names: Iterable[str]) -> None:
    """Remove files of a result."""
    for name in names:
        if (path := result_file(job, token, name)) is not None:
            path.unlink(missing_ok=True)


def result_file(job: int, token: int, name: str) -> Path | None:
    """Return the path of a file of a result, or None if there is no such file in it."""
    output = AttemptFolder(jobs_folder() / str(job) / str(token)).output
    path = (output / name).resolve()
    return path if path.is_file() and path.is_relative_to(output.resolve()) else None


def _attempts(job: Path) -> list[Path]:
    """Return the folders of a job's attempts, in their order."""
    if not job.is_dir():
        return []
    return sorted(
        (path for path in job.iterdir() if path.name.isdigit()), key=lambda p: int(p.name)
    )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _synced_hash(path: Path) -> str:
    """Return the hash of a file once it is on disk: the row that names it is written later."""
    with suppress(OSError), path.open("rb") as file:
        os.fsync(file.fileno())
    return sha256_of_file(path)
