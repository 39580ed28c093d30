"""The images that methods are compared on, with what is known of each."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from explanations.classifier.checkpoint import Classifier
from explanations.imagesets.base import ImageSet, ImageSetError
from explanations.imagesets.decoding import content_hash
from explanations.imagesets.dice import derive_seed


@dataclass(frozen=True, eq=False)
class Case:
    """One image, the class that is to be explained, and where its object lies."""

    image: NDArray[np.uint8] = field(repr=False)
    """uint8 (height, width, 3)"""
    label: int
    """Number of the true class."""
    predicted: int
    """Number of the predicted class: the one whose logit is explained."""
    sha256: str
    """Hash of the pixels: the name of the image in every file."""
    mask: NDArray[np.bool_] | None = field(default=None, repr=False)
    """bool (height, width): the visible pixels of the object; None where nobody knows."""

    @property
    def is_right(self) -> bool:
        """Whether the prediction is right."""
        return self.label == self.predicted

    @property
    def has_object(self) -> bool:
        """Whether a mask says where the object is, and something is beside it."""
        return self.mask is not None and bool(self.mask.any()) and not bool(self.mask.all())

    def seed(self, *purpose: int | str) -> int:
        """A number for what is left to chance, of this image and purpose alone, below 2**63."""
        return derive_seed(self.sha256, *purpose)


def read_cases(
    source: ImageSet, classifier: Classifier, split: str, limit: int, seed: int = 0
) -> list[Case]:
    """A class-balanced selection of ``limit`` different images, in an order drawn by ``seed``.

    That of a smaller limit is part of it. Raises ImageSetError for an image that cannot be read
    and for classes the classifier does not know.
    """
    unknown = sorted(set(source.class_names) - set(classifier.class_names))
    if unknown:
        raise ImageSetError(
            f"The classifier does not know the classes {', '.join(unknown)}. Give --weights that "
            f"were trained on {source.name}."
        )
    images = list(source.images(split, limit, seed))
    if not images:
        raise ImageSetError(f"The split {split!r} of {source.name} holds no image.")
    found: dict[str, Case] = {}
    pixels = np.stack([image.pixels for image in images])
    predictions = classifier.probabilities(pixels).argmax(1)
    for image, predicted in zip(images, predictions, strict=True):
        sha256 = content_hash(image.pixels)
        found[sha256] = Case(
            image=image.pixels,
            label=classifier.class_names.index(image.class_name),
            predicted=int(predicted),
            sha256=sha256,
            mask=None if image.mask is None else image.mask > 0,
        )
    return sorted(found.values(), key=lambda case: derive_seed(seed, case.sha256))


def training_images(source: ImageSet, limit: int, seed: int = 0) -> NDArray[np.uint8]:
    """Class-balanced training images, uint8 (n, height, width, 3), in an order drawn by ``seed``.

    The first k of them are a random sample. Raises ImageSetError without a train split.
    """
    found = [image.pixels for image in source.images("train", limit, seed)]
    found.sort(key=lambda pixels: derive_seed(seed, content_hash(pixels)))
    return np.stack(found)
