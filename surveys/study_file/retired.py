"""Retired declarations, with which stored files stay readable and new files are refused."""

from functools import lru_cache

from analysis.toml.document import Document
from surveys.study_file.reading.study import read_document

PER_ARM = (
    "per_arm is no longer supported: where each arm shows images of its own, a difference between "
    "arms can be a difference between images. Among simulated studies of 2 arms of 40 people and "
    "12 images without any true difference, a test of the participants' means found one in 30 % "
    "instead of 5 %. Remove per_arm, so that every arm shows the same images; to show more images "
    "in all, set sets, which rotates its image sets in every arm alike."
)


def refuse(file: Document) -> None:
    """Report each retired declaration to the file."""
    if _shows_images_per_arm(file):
        file.problems.add(("images", "per_arm"), PER_ARM)


@lru_cache(maxsize=64)
def is_retired(source: str) -> bool:
    """Check whether a stored text declares something that new studies can no longer declare."""
    return _shows_images_per_arm(read_document(source)[0])


def _shows_images_per_arm(file: Document) -> bool:
    images = file.values.get("images")
    return isinstance(images, dict) and images.get("per_arm") is True
