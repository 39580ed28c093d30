"""Robustness: how far a map moves when the image changes by what nobody sees."""

import numpy as np
from numpy.typing import NDArray

from explanations.attribution import Floats
from explanations.evaluation.subject import Subject

DRAWS = 3
LEVELS = 2
"""Each value of each pixel moves by at most so many of 255 levels: .008 of the range."""


def max_sensitivity(subject: Subject) -> dict[str, float]:
    """The largest relative change of the map among 3 neighbours of the image (Yeh et al. 2019).

    ``|map' - map| / |map|`` in the Euclidean norm, for the class predicted of the image itself.
    LIME draws new samples for each neighbour, since its seed hangs on the pixels, as in use.
    """
    case = subject.case
    near = neighbours(case.image, case.seed("neighbours", subject.setting.seed))
    found = {}
    for name, relevance in subject.maps.items():
        others = (subject.setting.explained(name, one, case.predicted) for one in near)
        found[name] = max(relative_change(relevance, other) for other in others)
    return found


def neighbours(image: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Images that differ from this one by -2 to 2 levels everywhere, uint8 (3, h, w, 3)."""
    moves = np.random.default_rng(seed).integers(-LEVELS, LEVELS + 1, (DRAWS, *image.shape))
    near: NDArray[np.uint8] = np.clip(image.astype(np.int64) + moves, 0, 255).astype(np.uint8)
    return near


def relative_change(before: Floats, after: Floats) -> float:
    """0 if both are empty, 1 if only the first is."""
    size = float(np.linalg.norm(before.astype(np.float64)))
    moved = float(np.linalg.norm(after.astype(np.float64) - before))
    if size == 0:
        return float(moved > 0)
    return moved / size
