"""Comparison of stored maps with maps that the libraries compute."""

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explanations.attribution import Attribution
from explanations.catalogue import Method
from explanations.classifier.checkpoint import Classifier
from explanations.classifier.exact import exact_arithmetic
from explanations.computing.chain import Chain
from explanations.computing.workspace import Workspace
from explanations.imagesets.background import Background
from explanations.methods.protocol import Explainer

if TYPE_CHECKING:
    from explanations.verification.reference_methods import ReferenceMethod


@dataclass(frozen=True)
class Verified:
    """Largest difference of a pixel, as a share of the library's largest value."""

    library: str
    largest_difference: float

    def as_dict(self) -> dict[str, str | float]:
        """Return the entries for a map's provenance."""
        return {"verified_against": self.library, "largest_difference": self.largest_difference}


def verify(
    method: Method,
    explainer: Explainer,
    classifier: Classifier,
    image: NDArray[np.uint8],
    target: int,
    seed: int,
    background: Background | None,
    stored: Attribution,
) -> Verified | None:
    """Compare ``stored`` with the method's library, or return None if no library computes the
    method."""
    if method.reference is None:
        return None
    path, library = method.reference.path, method.reference.library
    library = f"{library} {version(library)}"
    workspace = Workspace.of(classifier)
    if method.reference.for_other_networks and not isinstance(workspace.network, Chain):
        path, library = method.reference.for_other_networks, "the rule in float64, interception"
    module, _, name = path.rpartition(".")
    reference: ReferenceMethod = getattr(import_module(module), name)
    with exact_arithmetic():
        expected = reference(explainer, workspace.classifier, image, target, seed, background)
    return Verified(library, difference(stored.relevance, expected))


def difference(actual: NDArray[np.float32], expected: NDArray[np.float64]) -> float:
    """Return the largest difference over the largest absolute expected value, or 0 if all are
    zero."""
    scale = float(np.abs(expected).max())
    largest = float(np.abs(actual - expected).max())
    return largest / scale if scale > 0 else largest
