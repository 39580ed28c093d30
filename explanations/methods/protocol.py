"""What an explanation method is: a frozen dataclass whose fields are its parameters.

To add one, write a file beside this one and a line in ``explanations/catalogue.py``.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from explanations.attribution import Attribution
from explanations.classifier.checkpoint import Classifier
from explanations.imagesets.decoding import content_hash

Image = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Background:
    """The typical pictures that some methods compare an image with: uint8 (n, height, width, 3)."""

    images: Image = field(repr=False)

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 4 or not len(self.images):
            raise ValueError(
                "The background must be uint8 (n, height, width, 3) with at least one image, "
                f"got {self.images.dtype} {self.images.shape}."
            )

    @cached_property
    def sha256(self) -> str:
        """Hash over the images' content hashes, in their order."""
        hashes = "\n".join(content_hash(image) for image in self.images)
        return hashlib.sha256(hashes.encode()).hexdigest()


class Explainer(Protocol):
    """A method. Its instances are frozen dataclasses, so that the parameters can be read off."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    version: ClassVar[int]
    """Goes into the artefact's key: raise it when the same parameters give other numbers."""

    def explain(
        self,
        classifier: Classifier,
        image: Image,
        target: int,
        seed: int,
        background: Background | None = None,
    ) -> Attribution:
        """Explain the score of class ``target`` for a uint8 image (height, width, 3).

        ``seed`` decides everything that is left to chance. The network is left as it was.
        """


def parameters_of(explainer: Explainer) -> dict[str, Any]:
    """The parameters of a method by name, plain values that JSON can hold."""
    return asdict(explainer)


def image_seed(image_sha256: str, method: str, parameters: dict[str, Any]) -> int:
    """A seed in 0..2**32-1 of one image and method: the order of a run's images cannot matter."""
    text = json.dumps([image_sha256, method, parameters], sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
