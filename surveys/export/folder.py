"""Writing of a folder that is either complete or absent, because it is written elsewhere and then
moved.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from explanations.store.atomic_files import write_atomically

MARK = "manifest.json"  # is in every export, and marks folders that may be replaced


class ExportError(ValueError):
    """An export that was not made. The message says why and what to do."""


def check_place(output: Path) -> None:
    """Check that the place is free or contains an earlier export.

    Raises ExportError otherwise.
    """
    if not output.exists():
        return
    if not output.is_dir():
        raise ExportError(f"{output} is a file. Name a folder with --output.")
    if any(output.iterdir()) and not (output / MARK).is_file():
        raise ExportError(
            f"The folder {output} does not contain an export (no {MARK}). Name another folder with "
            "--output, or empty this one."
        )


def write_folder(output: Path, files: Mapping[str, bytes]) -> None:
    """Write all files, then move the folder to its place, where it replaces an earlier export."""
    check_place(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
    try:
        new, old = beside / "new", beside / "old"
        for name, content in files.items():
            write_atomically(new / name, content)
        if output.exists():
            output.replace(old)
        new.replace(output)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
