"""Pictures of images and maps that an export contains beside its tables."""

import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = "pictures"
NAME = re.compile(r"[0-9a-f]{12,64}\.png")
"""The start of an image's hash, or the key of a map, as in trials.csv."""
PNG = b"\x89PNG\r\n\x1a\n"
LARGEST = 300_000
"""Bytes of a picture that goes into the report, which contains it as text."""


def read_pictures(folder: Path) -> Mapping[str, bytes]:
    """Return the pictures by image or key of the map. Empty if the folder contains none.

    Files that are not small PNG pictures are left out, since the report would show them broken.
    """
    place = folder / FOLDER
    if not place.is_dir():
        return {}
    paths = [path for path in sorted(place.iterdir()) if NAME.fullmatch(path.name)]
    found = {path.stem: path.read_bytes() for path in paths if path.stat().st_size <= LARGEST}
    return {name: content for name, content in found.items() if content.startswith(PNG)}
