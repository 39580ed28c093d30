"""Images on which methods are compared, with their ground truth."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from explanations.classifier.checkpoint import Classifier
from explanations.imagesets.base import ImageSet, ImageSetError
from explanations.imagesets.decoding import content_hash
from explanations.imagesets.dice import derive_seed


@dataclass(frozen=True, eq=False)
class Case:
    """An image, the class to be explained, and the position of its object."""

    image: NDArray[np.uint8] = field(repr=False)
    """Image, as uint8 with shape (height, width, 3)."""
    label: int
    """Number of the true class."""
    predicted: int
    """Number of the predicted class, whose logit is explained."""
    sha256: str
    """Hash of the pixels, by which every file identifies the image."""
    mask: NDArray[np.bool_] | None = field(default=None, repr=False)
    """Visible pixels of the object, as bool with shape (height, width), or None if unknown."""
    confidence: float | None = None
    """Probability of the predicted class, or None if it is not needed."""
    group: str = ""
    """Group of the image in its set's manifest. Empty if it has none."""

    @property
    def is_right(self) -> bool:
        """Check whether the prediction is correct."""
        return self.label == self.predicted

    @property
    def has_object(self) -> bool:
        """Check whether there is a mask that contains both object and background."""
        return self.mask is not None and bool(self.mask.any()) and not bool(self.mask.all())

    def seed(self, *purpose: int | str) -> int:
        """Derive a seed below 2**63 from the image and the purpose."""
        return derive_seed(self.sha256, *purpose)


def read_cases(
    source: ImageSet, classifier: Classifier, split: str, limit: int, seed: int = 0
) -> list[Case]:
    """Select ``limit`` different images, balanced over the classes, in an order drawn by ``seed``.

    The selection for a smaller limit is a part of it. Raises ImageSetError for an image that cannot
    be read and for classes that the classifier does not know.
    """
    unknown = sorted(set(source.class_names) - set(classifier.class_names))
    if unknown:
        raise ImageSetError(
            f"The classifier does not know the classes {', '.join(unknown)}. Give --weights that "
            f"were trained on {source.name}."
        )
    images = list(source.images(split, limit, seed))
    if not images:
        raise ImageSetError(f"The split {split!r} of {source.name} contains no images.")
    cases: dict[str, Case] = {}
    pixels = np.stack([image.pixels for image in images])
    for image, probabilities in zip(images, classifier.probabilities(pixels), strict=True):
        sha256 = content_hash(image.pixels)
        cases[sha256] = Case(
            image=image.pixels,
            label=classifier.class_names.index(image.class_name),
            predicted=int(probabilities.argmax()),
            sha256=sha256,
            confidence=float(probabilities.max()),
            group=image.group,
            mask=None if image.mask is None else image.mask > 0,
        )
    # Ordered by hash, so that a smaller limit selects a part of this selection.
    return sorted(cases.values(), key=lambda case: derive_seed(seed, case.sha256))


def training_images(source: ImageSet, limit: int, seed: int = 0) -> NDArray[np.uint8]:
    """Select class-balanced training images, as uint8 with shape (n, height, width, 3), in an order
    drawn by ``seed``.

    The first k images are a random sample. Raises ImageSetError if there is no train split.
    """
    selection = [image.pixels for image in source.images("train", limit, seed)]
    selection.sort(key=lambda pixels: derive_seed(seed, content_hash(pixels)))
    return np.stack(selection)
