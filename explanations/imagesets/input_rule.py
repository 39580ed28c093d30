"""Rule that derives a classifier's input from an image of any size. Training, prediction and
explanation have no other resampler."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CROPS = ("centre", "none", "pad")
LARGEST_SIZE = 4096
"""Largest input in pixels. Beyond it, a single batch would not fit into memory."""


@dataclass(frozen=True)
class InputRule:
    """Size of a classifier's input, and the part of an image that becomes the input.

    ``size`` is the width and height of the input in pixels. With the crop "centre", the shorter
    side is resized to ``resize`` pixels and the centred square of ``size`` is cut out, as
    torchvision's presets do; 0 stands for ``size``, so that the largest centred square is used.
    With the crop "none", the whole image is squeezed to the square, which changes its aspect. With
    the crop "pad", the whole image keeps its aspect, and the square is filled up with its mean
    colour.
    """

    size: int
    resize: int = 0
    crop: str = "centre"

    def __post_init__(self) -> None:
        if not 1 <= self.size <= LARGEST_SIZE:
            raise ValueError(f"size is {self.size}, but must be from 1 to {LARGEST_SIZE} pixels.")
        if self.crop not in CROPS:
            raise ValueError(f"crop is {self.crop!r}. Choose from: {', '.join(CROPS)}.")
        if self.resize and self.crop != "centre":
            raise ValueError(
                f"resize is {self.resize} and crop is {self.crop!r}, but only the crop 'centre' "
                "resizes first. Omit resize, or choose the crop 'centre'."
            )
        if self.resize and not self.size <= self.resize <= LARGEST_SIZE:
            raise ValueError(
                f"resize is {self.resize}, but must be from the size {self.size} to {LARGEST_SIZE} "
                "pixels, because the input is cut out of the resized image."
            )

    @property
    def keeps_the_aspect(self) -> bool:
        """Check whether shapes keep their proportions in the input."""
        return self.crop != "none"

    @property
    def pads(self) -> bool:
        """Check whether the image is filled up to a square."""
        return self.crop == "pad"

    def framed(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the image (height, width, 3), filled up to a centred square if the rule pads."""
        height, width = pixels.shape[:2]
        if not self.pads or height == width:
            return pixels
        colour = np.rint(pixels.reshape(-1, pixels.shape[2]).mean(0)).astype(np.uint8)
        return _centred(pixels, colour)

    def window(self, height: int, width: int) -> tuple[float, float, float, float]:
        """Return the part of the framed image that becomes the input, as (left, top, right, bottom)
        in pixels, for an image of this height and width."""
        if self.crop == "none":
            return (0.0, 0.0, float(width), float(height))
        if self.pads:
            return (0.0, 0.0, float(max(height, width)), float(max(height, width)))
        side = min(height, width) * self.size / (self.resize or self.size)
        left, top = (width - side) / 2, (height - side) / 2
        return (left, top, left + side, top + side)

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Derive the input, as uint8 with shape (size, size, 3), of an image (height, width, 3).

        The window is resampled once, with the Lanczos filter, which also averages when it shrinks.
        An image that is exactly the input is returned unchanged.
        """
        height, width = pixels.shape[:2]
        if self.is_identity(height, width):
            return pixels
        window = self.window(height, width)
        target = (self.size, self.size)
        image = Image.fromarray(self.framed(pixels))
        return np.array(image.resize(target, Image.Resampling.LANCZOS, window))

    def apply_to_mask(self, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Derive the mask (size, size) of the input from the mask (height, width) of the image.

        The nearest number is taken, because the mean of two parts is a third part. What is filled
        up belongs to no part.
        """
        if self.is_identity(*mask.shape):
            return mask
        target = (self.size, self.size)
        window = self.window(*mask.shape)
        if self.pads:
            mask = _centred(mask, np.uint8(0))
        return np.array(Image.fromarray(mask).resize(target, Image.Resampling.NEAREST, window))

    def is_identity(self, height: int, width: int) -> bool:
        """Check whether an image of this size is exactly the input."""
        is_whole = height == width or not self.pads
        return is_whole and self.window(height, width) == (0.0, 0.0, self.size, self.size)

    def __str__(self) -> str:
        """Describe the rule in words."""
        if self.crop == "none":
            return f"squeezed to {self.size} x {self.size} pixels, whatever the aspect"
        if self.pads:
            return (
                f"whole image, filled up with its mean colour to a square of {self.size} x "
                f"{self.size} pixels"
            )
        if self.resize:
            return (
                f"shorter side to {self.resize} pixels, then the centred square of {self.size} "
                "pixels"
            )
        return f"largest centred square, resized to {self.size} x {self.size} pixels"


def _centred(values: NDArray[np.uint8], colour: NDArray[np.uint8] | np.uint8) -> NDArray[np.uint8]:
    """Lay an image or a mask on the centre of a square of its longer side."""
    height, width = values.shape[:2]
    side = max(height, width)
    square: NDArray[np.uint8] = np.empty((side, side, *values.shape[2:]), dtype=np.uint8)
    square[...] = colour
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = values
    return square
