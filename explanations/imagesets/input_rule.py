"""Rule that derives a classifier's input from an image of any size. Training, prediction and
explanation have no other resampler."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CROPS = ("centre", "none")
LARGEST_SIZE = 4096
"""Largest input in pixels. Beyond it, a single batch would not fit into memory."""


@dataclass(frozen=True)
class InputRule:
    """Size of a classifier's input, and the part of an image that becomes the input.

    ``size`` is the width and height of the input in pixels. With the crop "centre", the shorter
    side is resized to ``resize`` pixels and the centred square of ``size`` is cut out, as
    torchvision's presets do; 0 stands for ``size``, so that the largest centred square is used.
    With the crop "none", the whole image is squeezed to the square, which changes its aspect.
    """

    size: int
    resize: int = 0
    crop: str = "centre"

    def __post_init__(self) -> None:
        if not 1 <= self.size <= LARGEST_SIZE:
            raise ValueError(f"size is {self.size}, but must be from 1 to {LARGEST_SIZE} pixels.")
        if self.crop not in CROPS:
            raise ValueError(f"crop is {self.crop!r}. Choose from: {', '.join(CROPS)}.")
        if self.resize and self.crop == "none":
            raise ValueError(
                f"resize is {self.resize} and crop is 'none', but only the crop 'centre' resizes "
                "first. Omit resize, or choose the crop 'centre'."
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

    def window(self, height: int, width: int) -> tuple[float, float, float, float]:
        """Return the part of an image that becomes the input, as (left, top, right, bottom) in the
        image's pixels."""
        if self.crop == "none":
            return (0.0, 0.0, float(width), float(height))
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
        return np.array(Image.fromarray(pixels).resize(target, Image.Resampling.LANCZOS, window))

    def apply_to_mask(self, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Derive the mask (size, size) of the input from the mask (height, width) of the image.

        The nearest number is taken, because the mean of two parts is a third part.
        """
        if self.is_identity(*mask.shape):
            return mask
        target = (self.size, self.size)
        window = self.window(*mask.shape)
        return np.array(Image.fromarray(mask).resize(target, Image.Resampling.NEAREST, window))

    def is_identity(self, height: int, width: int) -> bool:
        """Check whether an image of this size is exactly the input."""
        return self.window(height, width) == (0.0, 0.0, self.size, self.size)

    def __str__(self) -> str:
        """Describe the rule in words."""
        if self.crop == "none":
            return f"squeezed to {self.size} x {self.size} pixels, whatever the aspect"
        if self.resize:
            return (
                f"shorter side to {self.resize} pixels, then the centred square of {self.size} "
                "pixels"
            )
        return f"largest centred square, resized to {self.size} x {self.size} pixels"
