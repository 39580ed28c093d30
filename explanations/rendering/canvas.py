"""Conversion of small arrays to pictures of screen size, and of arrays to PNG bytes."""

import io
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explanations.rendering.colours import Colours

Kind = TypeVar("Kind", bound=np.generic)

SIZE = 320
"""Width and height of every picture in pixels: ten times a 32x32 image."""
LEGEND_HEIGHT = 16


def pixelated(values: NDArray[Kind], size: int = SIZE) -> NDArray[Kind]:
    """Enlarge an array with shape (height, width) or (height, width, channels) to ``size`` by
    nearest neighbour, without interpolation.

    The centre of each pixel of the picture determines its source, so that any size is possible.
    """
    rows, columns = (
        ((np.arange(size) + 0.5) * length / size).astype(int) for length in values.shape[:2]
    )
    enlarged: NDArray[Kind] = values[rows][:, columns]
    return enlarged


def smooth(values: NDArray[np.float32], size: int = SIZE) -> NDArray[np.float32]:
    """Enlarge an array with shape (height, width) to ``size`` bilinearly, which unlike bicubic
    interpolation never exceeds the range of the values."""
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


def colours_of(image: NDArray[np.uint8]) -> Colours:
    """Convert a uint8 image with shape (height, width, 3) to the 0..1 scale with shape (320, 320,
    3)."""
    return pixelated(image).astype(np.float32) / np.float32(255)


def greyscale(image: NDArray[np.uint8]) -> Colours:
    """Compute the image's luma (ITU-R 601), repeated in three channels, with shape (320, 320,
    3)."""
    luma = colours_of(image) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.repeat(luma[..., None], 3, axis=2)


def png(colours: Colours) -> bytes:
    """Encode a picture with shape (height, width, 3) on the 0..1 scale as PNG."""
    buffer = io.BytesIO()
    pixels = np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
