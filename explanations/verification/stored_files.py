"""Check of every stored map, image and uploaded file against its hash."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from tqdm import tqdm

from explanations.models import Explanation, OriginalFile, StudyImage
from explanations.pipeline.data_folder import artefact_store, image_store, original_store
from explanations.store.artefacts import ArtefactError

Row = TypeVar("Row")


@dataclass(frozen=True)
class Checked:
    """Number of checked files, and a sentence for each damaged file."""

    maps: int
    images: int
    originals: int
    """Uploaded files, which are kept unchanged."""
    store_bytes: int
    problems: tuple[str, ...]
    manifest: str
    """A line per map, ordered: hash of the numbers, method, image, key. Damaged maps
    have no line."""


def check_everything() -> Checked:
    """Read every artefact that a row refers to, every image and every uploaded file. Nothing is
    changed."""
    problems: list[str] = []
    maps = Explanation.objects.select_related("prediction__image").order_by("key", "id")
    lines: dict[str, str] = {}
    store = artefact_store()
    for row in _shown(maps.iterator(chunk_size=2000), maps.count(), "map"):
        # Rows of the same image in several image sets refer to one artefact, which is read once.
        if row.key in lines:
            continue
        lines[row.key] = ""
        try:
            store.read(row.stored)
        except ArtefactError as error:
            problems.append(f"{row.method} of image {row.prediction.image.sha256[:12]}: {error}")
        else:
            image = row.prediction.image.sha256
            lines[row.key] = f"{row.sha256}  {row.method}  {image}  {row.key}\n"
    images = StudyImage.objects.values_list("sha256", flat=True).distinct().order_by("sha256")
    for sha256 in _shown(images.iterator(), images.count(), "image"):
        try:
            image_store().read(sha256)
        except ArtefactError as error:
            problems.append(str(error))
    originals = OriginalFile.objects.values_list("sha256", flat=True).distinct()
    for sha256 in _shown(originals.order_by("sha256").iterator(), originals.count(), "file"):
        if problem := original_store().problem_of(sha256):
            problems.append(problem)
    return Checked(
        maps=len(lines),
        images=images.count(),
        originals=originals.count(),
        store_bytes=store.size(),
        problems=tuple(problems),
        manifest="".join(lines.values()),
    )


def _shown(rows: Iterator[Row], total: int, unit: str) -> Iterator[Row]:
    yield from tqdm(rows, total=total, unit=unit, desc="checking", disable=None)
