"""A sheet of square pictures in a row, of which the first shows one of the others without colours.

It is mirrored and enlarged, so that no part of the file is the same twice.
"""

import io
from collections.abc import Sequence

from PIL import Image, ImageOps

TILE = 160
"""Width and height of a picture in pixels."""
ENLARGED = 0.12
"""Share of the picture that its enlargement cuts off at each side."""


def sheet(pictures: Sequence[bytes], place: int) -> bytes:
    """Return the PNG of the sheet: the picture at ``place`` (from 1) as the first tile, then all.

    Raises ValueError if there is no such place.
    """
    if not 1 <= place <= len(pictures):
        raise ValueError(f"place is {place}, and there are {len(pictures)} pictures.")
    tiles = [_square(content) for content in pictures]
    row = Image.new("RGB", (TILE * (len(tiles) + 1), TILE))
    row.paste(_found_again(tiles[place - 1]), (0, 0))
    for number, tile in enumerate(tiles, start=1):
        row.paste(tile, (TILE * number, 0))
    content = io.BytesIO()
    row.save(content, "PNG")
    return content.getvalue()


def _square(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as picture:
        return ImageOps.fit(picture.convert("RGB"), (TILE, TILE))


def _found_again(tile: Image.Image) -> Image.Image:
    edge = round(ENLARGED * TILE)
    part = tile.crop((edge, edge, TILE - edge, TILE - edge)).resize((TILE, TILE))
    return ImageOps.grayscale(ImageOps.mirror(part)).convert("RGB")
