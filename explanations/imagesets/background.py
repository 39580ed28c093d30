"""Typical images with which DeepSHAP compares an image."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explanations.imagesets.decoding import content_hash


@dataclass(frozen=True, eq=False)
class Background:
    """Training images, as uint8 with shape (n, height, width, 3), identified by the hash of their
    pixels."""

    images: NDArray[np.uint8] = field(repr=False)

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 4 or not len(self.images):
            raise ValueError(
                f"The background is {self.images.dtype} with shape {self.images.shape}. It must be "
                "uint8 with shape (n, height, width, 3) and contain at least one image."
            )

    @cached_property
    def sha256(self) -> str:
        """Return the hash of the images' content hashes, in their order."""
        hashes = "\n".join(content_hash(image) for image in self.images)
        return hashlib.sha256(hashes.encode()).hexdigest()
