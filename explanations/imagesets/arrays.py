"""A whole split as arrays, for training."""

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from explanations.imagesets.base import ImageSet, ImageSetError


def groups_of(image_set: ImageSet, split: str) -> list[str]:
    """Return the group of each image of a split, in the order of training_arrays."""
    return [entry.group for entry in image_set.selection(split)]


def training_arrays(
    image_set: ImageSet, split: str, *, limit: int | None = None, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Load pixels as uint8 with shape (n, height, width, 3), and class indices as int64 with shape
    (n,), with a progress bar.

    Raises ImageSetError if an image cannot be read or differs in size from the first image.
    """
    images = image_set.images(split, limit, seed)
    total = image_set.count(split, limit)
    positions = {name: index for index, name in enumerate(image_set.class_names)}
    labels = np.empty(total, dtype=np.int64)
    pixels: NDArray[np.uint8] | None = None
    progress = tqdm(
        images, total=total, desc=f"{image_set.name} {split}", unit="image", disable=None
    )
    for index, image in enumerate(progress):
        # The size is known only after the first image; the arrays are then allocated once.
        if pixels is None:
            pixels = np.empty((total, *image.pixels.shape), dtype=np.uint8)
        elif image.pixels.shape != pixels.shape[1:]:
            height, width, _ = image.pixels.shape
            raise ImageSetError(
                f"{image.source} has {width} x {height} pixels, but the first image has "
                f"{pixels.shape[2]} x {pixels.shape[1]}. Bring all images to one size."
            )
        pixels[index] = image.pixels
        labels[index] = positions[image.class_name]
    if pixels is None:
        raise ImageSetError(f"The split {split!r} of {image_set.name} contains no images.")
    return pixels, labels
