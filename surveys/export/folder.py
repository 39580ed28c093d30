"""A folder that is either whole or absent: written beside its place, then moved there."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from explanations.store.atomic_files import write_atomically

MARK = "manifest.json"  # in every export: tells a folder that may be replaced from any other


class ExportError(ValueError):
    """Nothing was exported; the message says why and what to do."""


def check_place(output: Path) -> None:
    """Raises ExportError when something stands at the place that is no earlier export."""
    if not output.exists():
        return
    if not output.is_dir():
        raise ExportError(f"{output} is a file. Name a folder with --output.")
    if any(output.iterdir()) and not (output / MARK).is_file():
        raise ExportError(
            f"The folder {output} holds other things than an export (no {MARK}). "
            "Name another folder with --output, or empty this one."
        )


def write_folder(output: Path, files: Mapping[str, bytes]) -> None:
    """Write all files, then put the folder in its place; an earlier export there is replaced."""
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
