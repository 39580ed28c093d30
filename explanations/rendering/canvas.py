"""From small arrays to pictures of screen size, and from arrays to PNG bytes."""

import io
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explanations.rendering.colours import Colours

Kind = TypeVar("Kind", bound=np.generic)

SIZE = 320
"""Side of every picture in pixels: ten times that of a 32x32 image."""
LEGEND_HEIGHT = 16


def pixelated(values: NDArray[Kind], size: int = SIZE) -> NDArray[Kind]:
    """Nearest neighbour: (h, w) or (h, w, c) to (size, size[, c]), nothing made up between pixels.

    The centre of each pixel of the picture decides, so any size will do.
    """
    rows, columns = (
        ((np.arange(size) + 0.5) * length / size).astype(int) for length in values.shape[:2]
    )
    enlarged: NDArray[Kind] = values[rows][:, columns]
    return enlarged


def smooth(values: NDArray[np.float32], size: int = SIZE) -> NDArray[np.float32]:
    """Bilinear, (h, w) to (size, size): never beyond the range of the values, unlike bicubic."""
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


def colours_of(image: NDArray[np.uint8]) -> Colours:
    """A uint8 image (h, w, 3) as (320, 320, 3) on the 0..1 scale."""
    return pixelated(image).astype(np.float32) / np.float32(255)


def greyscale(image: NDArray[np.uint8]) -> Colours:
    """Its luma (ITU-R 601), as three equal channels (320, 320, 3)."""
    luma = colours_of(image) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.repeat(luma[..., None], 3, axis=2)


def png(colours: Colours) -> bytes:
    """A PNG of (h, w, 3) on the 0..1 scale."""
    buffer = io.BytesIO()
    pixels = np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
