"""Hash of what the participants' pages are drawn from, stored in the contact sheets of the pages.

A test compares it with the present files, so that a stale sheet is found without a browser.
"""

import hashlib
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    "surveys/templates/surveys/**/*.html",
    "studyplatform/templates/base.html",
    "studyplatform/static/site.css",
)
"""Files that decide what a page looks like, as patterns. Texts and answers are not among them."""
DESCRIPTION = 0x010E  # tag of EXIF whose text is the hash


def pages_hash() -> str:
    """Return the hash of the templates and of the style sheet."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(f"{file.relative_to(ROOT).as_posix()}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def save(picture: Image.Image, path: Path, source: str | None = None) -> None:
    """Write a picture with the hash of its source: of the participants' pages unless named."""
    described = Image.Exif()
    described[DESCRIPTION] = source or pages_hash()
    picture.save(path, quality=70, exif=described)


def read_hash(path: Path) -> str | None:
    """Return the hash that a contact sheet contains, or None."""
    with Image.open(path) as picture:
        return picture.getexif().get(DESCRIPTION)
