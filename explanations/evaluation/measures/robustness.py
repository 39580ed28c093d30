"""Robustness: change of a map under an invisible change of the image."""

import numpy as np
from numpy.typing import NDArray

from explanations.attribution import Floats
from explanations.evaluation.subject import Subject

DRAWS = 3
LEVELS = 2
"""Largest change of each value, in levels of 255: .008 of the range."""


def max_sensitivity(subject: Subject) -> dict[str, float]:
    """Compute the map's largest relative change among 3 neighbours of the image (Yeh et al. 2019).

    It is ``|map' - map| / |map|`` in the Euclidean norm, for the class predicted for the image
    itself. LIME draws new samples for each neighbour, because its seed depends on the pixels, as in
    use.
    """
    case = subject.case
    near = neighbours(case.image, case.seed("neighbours", subject.setting.seed))
    changes = {}
    for name, relevance in subject.maps.items():
        others = (subject.setting.explained(name, neighbour, case.predicted) for neighbour in near)
        changes[name] = max(relative_change(relevance, other) for other in others)
    return changes


def neighbours(image: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Draw images that differ from this image by -2 to 2 levels everywhere, as uint8 with shape (3,
    height, width, 3)."""
    moves = np.random.default_rng(seed).integers(-LEVELS, LEVELS + 1, (DRAWS, *image.shape))
    near: NDArray[np.uint8] = np.clip(image.astype(np.int64) + moves, 0, 255).astype(np.uint8)
    return near


def relative_change(before: Floats, after: Floats) -> float:
    """Compute the relative change. It is 0 if both maps are empty, and 1 if only the first is
    empty."""
    size = float(np.linalg.norm(before.astype(np.float64)))
    moved = float(np.linalg.norm(after.astype(np.float64) - before))
    if size == 0:
        return float(moved > 0)
    return moved / size
