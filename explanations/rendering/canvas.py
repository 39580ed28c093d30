"""Conversion of images and maps to pictures for the screen, and of pictures to PNG bytes.

A picture is a whole multiple of its image, so that every pixel of a map becomes a square of equal
size. Only above LARGEST is it smaller than its image, and then each pixel of the picture is the
mean of what it covers: no row and no column of a map is ever skipped.
"""

import io
import struct
import zlib
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from explanations.rendering.colours import Colours

Kind = TypeVar("Kind", bound=np.generic)
Shape = tuple[int, int]
"""Height and width in pixels."""

SIZE = 320
"""Width in pixels at which a page shows a picture, and the least longer side of a drawn picture."""
DENSE = 2 * SIZE
"""Least longer side of a picture for a screen with two or more dots per pixel."""
LARGEST = 1280
"""Largest longer side of a picture."""
TINY = 64
"""Images whose longer side is shorter are enlarged in visible squares, others smoothly."""
LEGEND_HEIGHT = 16
SIGNATURE = b"\x89PNG\r\n\x1a\n"
LENGTH = struct.Struct(">I")
"""The four bytes of a length or a checksum in a PNG file."""


def picture_shape(height: int, width: int, least: int = SIZE) -> Shape:
    """Return the shape of the picture of an image: its smallest whole multiple whose longer side
    has at least ``least`` pixels. An image with more than LARGEST is shrunk to LARGEST."""
    longer = max(height, width)
    if longer > LARGEST:
        return max(1, round(height * LARGEST / longer)), max(1, round(width * LARGEST / longer))
    factor = -(-least // longer)
    return factor * height, factor * width


def is_tiny(height: int, width: int) -> bool:
    """Check whether an image is so small that people should see its pixels as squares."""
    return max(height, width) < TINY


def shape_of(image: NDArray[np.generic]) -> Shape:
    """Return the shape of the picture of an image."""
    return picture_shape(*image.shape[:2])


def repeated(values: NDArray[Kind], shape: Shape) -> NDArray[Kind]:
    """Bring an array (height, width) or (height, width, channels) to ``shape`` by nearest
    neighbour, without computing new values.

    Whole multiples repeat each value equally often. The centre of each pixel of the picture
    determines its source, so that any shape is possible.
    """
    if values.shape[:2] == shape:
        return values
    rows, columns = (
        ((np.arange(size) + 0.5) * length / size).astype(int)
        for size, length in zip(shape, values.shape[:2], strict=True)
    )
    enlarged: NDArray[Kind] = values[rows][:, columns]
    return enlarged


def pixelated(values: NDArray[np.float32], shape: Shape) -> NDArray[np.float32]:
    """Bring a map (height, width) to ``shape``: enlarged in squares, or shrunk to the mean of what
    each pixel covers."""
    if shape[0] >= values.shape[0] and shape[1] >= values.shape[1]:
        return repeated(values, shape)
    return _resampled(values, shape, Image.Resampling.BOX)


def smooth(values: NDArray[np.float32], shape: Shape) -> NDArray[np.float32]:
    """Bring a map (height, width) to ``shape`` bilinearly, which unlike bicubic interpolation never
    exceeds the range of the values. Shrinking weighs every value that a pixel covers."""
    return _resampled(values, shape, Image.Resampling.BILINEAR)


def fitted(image: NDArray[np.uint8], shape: Shape) -> NDArray[np.uint8]:
    """Bring an image (height, width, 3) to ``shape``: in squares if it is tiny, else smoothly."""
    if image.shape[:2] == shape:
        return image
    if is_tiny(*image.shape[:2]):
        return repeated(image, shape)
    height, width = shape
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))


def cut(
    image: NDArray[np.uint8], window: tuple[float, float, float, float], shape: Shape
) -> NDArray[np.uint8]:
    """Bring a part (left, top, right, bottom) of an image (height, width, 3) smoothly to
    ``shape``."""
    height, width = shape
    return np.asarray(
        Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS, window)
    )


def colours_of(image: NDArray[np.uint8]) -> Colours:
    """Convert a uint8 image with shape (height, width, 3) to its picture on the 0..1 scale."""
    return fitted(image, shape_of(image)).astype(np.float32) / np.float32(255)


def greyscale(image: NDArray[np.uint8]) -> Colours:
    """Compute the luma (ITU-R 601) of the image's picture, repeated in three channels."""
    luma = colours_of(image) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.repeat(luma[..., None], 3, axis=2)


def png(colours: Colours) -> bytes:
    """Encode a picture with shape (height, width, 3) on the 0..1 scale as PNG."""
    buffer = io.BytesIO()
    pixels = np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)
    # The smallest file takes ten times as long, and is 4 % smaller for large pictures.
    is_small = max(pixels.shape) <= SIZE
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=is_small, compress_level=6)
    return buffer.getvalue()


def is_whole_png(content: bytes) -> bool:
    """Check that the content is a complete PNG file whose every part has its checksum.

    Decoding it would take twenty times as long.
    """
    if not content.startswith(SIGNATURE):
        return False
    place, kind = len(SIGNATURE), b""
    while place + 12 <= len(content):
        (length,) = LENGTH.unpack_from(content, place)
        end = place + 8 + length
        kind = content[place + 4 : place + 8]
        if (
            end + 4 > len(content)
            or zlib.crc32(content[place + 4 : end]) != LENGTH.unpack_from(content, end)[0]
        ):
            return False
        place = end + 4
    return kind == b"IEND" and place == len(content)


def _resampled(
    values: NDArray[np.float32], shape: Shape, how: Image.Resampling
) -> NDArray[np.float32]:
    height, width = shape
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((width, height), how))


def blurred(picture: Colours, share: float) -> Colours:
    """Blur a picture by a Gaussian, whose standard deviation is a share of the picture's width."""
    pixels = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    radius = share * picture.shape[1]
    soft = np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))
    return soft.astype(np.float32) / np.float32(255)


def cleared(picture: Colours, share: float, centre: tuple[float, float], radius: float) -> Colours:
    """Return the picture blurred except for a circle.

    x and y of its centre are shares of width and height, and the radius is a share of the width.
    """
    height, width = picture.shape[:2]
    y, x = np.ogrid[:height, :width]
    across = (x + 0.5 - centre[0] * width, y + 0.5 - centre[1] * height)
    inside = across[0] ** 2 + across[1] ** 2 <= (radius * width) ** 2
    return np.where(inside[..., None], picture, blurred(picture, share))
