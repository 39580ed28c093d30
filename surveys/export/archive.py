"""Exports of several studies as one zip file for download."""

import io
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from surveys.export.writing import Simulated, export_study
from surveys.models import Study


def zip_of(
    studies: Iterable[Study], simulated: Simulated, formats: Sequence[str] = ("csv",)
) -> bytes:
    """Return a zip file with the export of each study in a folder named after its slug.

    Raises ExportError like export_study.
    """
    content = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for study in studies:
            export_study(
                study=study, output=Path(folder) / study.slug, simulated=simulated, formats=formats
            )
        _add(archive, Path(folder))
    return content.getvalue()


def zip_folder(folder: Path, target: Path) -> None:
    """Write a zip file with everything in the folder, below the folder's own name."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, folder, folder.parent)


def _add(archive: zipfile.ZipFile, folder: Path, above: Path | None = None) -> None:
    # Sorted, so that equal exports give archives in equal order.
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            archive.write(path, path.relative_to(above or folder))
