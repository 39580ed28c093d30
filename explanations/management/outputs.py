"""Outputs of commands, which are complete or absent, because they are written elsewhere first."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError

from explanations.management.arguments import nearest_folder


def refuse_overwriting(path: Path, *, force: bool) -> None:
    """Raise CommandError if the file exists, unless ``force`` allows it to be replaced."""
    if path.exists() and not force:
        raise CommandError(
            f"{path} exists already. Name another file with its option, or add --force to "
            "replace it."
        )


@contextmanager
def folder_in_progress(
    output: Path,
    *,
    prepare: Callable[[Path], None] | None = None,
    keep_after: tuple[type[Exception], ...] = (),
) -> Iterator[Path]:
    """Yield an empty folder, whose files move to ``output`` when the block is done.

    If the block fails, nothing is left behind and ``output`` is unchanged. After an exception of
    ``keep_after``, the files are moved nevertheless. ``prepare`` is called with an existing
    ``output`` before the files move, to remove files of an earlier run.
    """
    # On the same file system as the output, so that files move without being copied.
    place = nearest_folder(output.parent)
    try:
        work = Path(tempfile.mkdtemp(dir=place, prefix=f".{output.name}."))
    except OSError as error:
        raise CommandError(
            f"{output} cannot be made: {error.strerror}. Name another folder with --output."
        ) from error
    try:
        try:
            yield work
        except keep_after:
            _move(work, output, prepare)
            raise
        _move(work, output, prepare)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _move(work: Path, output: Path, prepare: Callable[[Path], None] | None) -> None:
    if prepare is not None and output.is_dir():
        prepare(output)
    for path in sorted(work.rglob("*")):
        target = output / path.relative_to(work)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
