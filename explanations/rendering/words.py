"""Description of a map for screen readers, which names its strongest regions on a grid of three by
three."""

import numpy as np
from numpy.typing import NDArray

from explanations.translatable import Say, gettext_noop

REGIONS = (
    (gettext_noop("upper left"), gettext_noop("upper centre"), gettext_noop("upper right")),
    (gettext_noop("middle left"), gettext_noop("centre"), gettext_noop("middle right")),
    (gettext_noop("lower left"), gettext_noop("lower centre"), gettext_noop("lower right")),
)
NONE = gettext_noop("none")
MENTIONED = 3


def strongest_regions(beginning: str, relevance: NDArray[np.float32], say: Say = str) -> str:
    """Name up to three regions after ``beginning``, strongest first by their sum of positive
    relevance.

    Regions with less than half of the strongest region's sum are omitted.
    """
    sums = _sums(np.maximum(relevance, 0))
    strongest = max(sums.values())
    if strongest <= 0:
        return f"{say(beginning)}: {say(NONE)}."
    ranked = sorted(sums, key=lambda name: -sums[name])[:MENTIONED]
    named = ", ".join(say(name) for name in ranked if sums[name] >= strongest / 2)
    return f"{say(beginning)}: {named}."


def _sums(relevance: NDArray[np.float32]) -> dict[str, float]:
    return {
        REGIONS[row][column]: float(cell.sum())
        for row, band in enumerate(np.array_split(relevance, 3, axis=0))
        for column, cell in enumerate(np.array_split(band, 3, axis=1))
    }
