"""What an explanation method is: a frozen dataclass whose fields are its parameters.

To add one, write a file beside this one and a line in ``explanations/catalogue.py``.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explanations.attribution import Attributions
from explanations.computing.workspace import Batch

Diagnostics = list[list[dict[str, Any]]]
"""Of every image, of every class: plain values that JSON can hold."""


class Explainer(Protocol):
    """A method. Its instances are frozen dataclasses, so that the parameters can be read off."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    version: ClassVar[int]
    """Goes into the artefact's key: raise it when the same parameters give other numbers."""

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        """Explain the k target logits of each of the n images; arrays with both axes, (n, k, …).

        ``seeds`` has one number per image, which decides everything that is left to chance. What
        is worth a researcher's eye stands in ``diagnostics["flags"]``, by the keys of
        ``explanations.catalogue.FLAGS``.
        """


def parameters_of(explainer: Explainer) -> dict[str, Any]:
    """The parameters of a method by name, plain values that JSON can hold."""
    return asdict(explainer)


def image_seed(image_sha256: str, method: str, seed: int = 0) -> int:
    """A seed in 0..2**32-1 of one image and method: the order of a run's images cannot matter."""
    text = json.dumps([image_sha256, method, seed])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def steps_from_predicted(batch: Batch) -> list[list[int]]:
    """Of every image, of every class: how many classes behind the predicted one; 0 is that one.

    What a placebo draws for a class hangs on this number alone, so that it knows no class.
    """
    predicted = batch.logits.argmax(1, keepdim=True)
    steps: list[list[int]] = ((batch.targets - predicted) % batch.logits.shape[1]).tolist()
    return steps


def as_array(values: Tensor) -> NDArray[np.float32]:
    """On the CPU, as float32."""
    array: NDArray[np.float32] = values.detach().float().cpu().numpy()
    return np.ascontiguousarray(array)


def flagged(**found: bool) -> dict[str, list[str]]:
    """The flags that apply, as an entry of the diagnostics."""
    return {"flags": [name for name, applies in found.items() if applies]}
