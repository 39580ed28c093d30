"""Interface of an explanation method: a frozen dataclass whose fields are its parameters.

To add a method, write a file in this folder and an entry in ``explanations/catalogue.py``.
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
from explanations.computing.cost import Passes
from explanations.computing.needs import Need
from explanations.computing.workspace import Batch

Diagnostics = list[list[dict[str, Any]]]
"""For every image and every class: values that JSON can represent."""


class ResidualError(ArithmeticError):
    """Shares that miss the change of the score by too much. The message names the cure."""


class Explainer(Protocol):
    """An explanation method. Instances are frozen dataclasses, so that the parameters can be
    listed."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    version: ClassVar[int]
    """Part of the artefact's key: raise it when the same parameters lead to different numbers."""
    needs: ClassVar[Sequence[Need]]
    """Properties of a network without which the method is refused, before anything is computed."""

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        """Return the passes of the network for one image and one class, from which cost is told.

        ``size`` is the image's height and width, ``references`` the number of background images.
        """

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        """Explain k target logits of each of n images. All arrays begin with both axes, n and k.

        ``seeds`` contains one number per image, which determines every random choice.
        ``diagnostics["flags"]`` lists what a researcher should notice, by the keys of
        ``explanations.catalogue.FLAGS``.
        """


def parameters_of(explainer: Explainer) -> dict[str, Any]:
    """Return a method's parameters by name, as values that JSON can represent.

    A parameter that is None is left out, so that a new optional parameter does not change the keys
    of stored maps.
    """
    return {name: value for name, value in asdict(explainer).items() if value is not None}


def image_seed(image_sha256: str, method: str, seed: int = 0) -> int:
    """Derive a seed in 0..2**32-1 from an image and a method, whatever the order of the images."""
    text = json.dumps([image_sha256, method, seed])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def steps_from_predicted(batch: Batch) -> list[list[int]]:
    """Count, for every image and class, the classes between the predicted class and this class.

    0 is the predicted class. A placebo's draw for a class depends on this number alone, so that it
    cannot depend on the class itself.
    """
    predicted = batch.logits.argmax(1, keepdim=True)
    steps: list[list[int]] = ((batch.targets - predicted) % batch.logits.shape[1]).tolist()
    return steps


def as_array(values: Tensor) -> NDArray[np.float32]:
    """Return the tensor as a float32 array on the CPU."""
    array: NDArray[np.float32] = values.detach().float().cpu().numpy()
    return np.ascontiguousarray(array)


def flagged(**conditions: bool) -> dict[str, list[str]]:
    """Return the flags that apply, as an entry of the diagnostics."""
    return {"flags": [name for name, applies in conditions.items() if applies]}
