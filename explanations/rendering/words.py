"""A map in words, for screen readers: its strongest regions on a grid of three by three."""

import numpy as np
from numpy.typing import NDArray

ROWS = ("upper", "middle", "lower")
COLUMNS = ("left", "centre", "right")
MENTIONED = 3


def strongest_regions(beginning: str, relevance: NDArray[np.float32]) -> str:
    """``beginning`` with up to three regions, by their sum of positive relevance, strongest first.

    Regions with less than half of the strongest one's sum are left out.
    """
    sums = _sums(np.maximum(relevance, 0))
    strongest = max(sums.values())
    if strongest <= 0:
        return f"{beginning}: none."
    ranked = sorted(sums, key=lambda name: -sums[name])[:MENTIONED]
    return f"{beginning}: {', '.join(name for name in ranked if sums[name] >= strongest / 2)}."


def _sums(relevance: NDArray[np.float32]) -> dict[str, float]:
    return {
        _name(row, column): float(cell.sum())
        for row, band in enumerate(np.array_split(relevance, 3, axis=0))
        for column, cell in enumerate(np.array_split(band, 3, axis=1))
    }


def _name(row: int, column: int) -> str:
    return "centre" if row == column == 1 else f"{ROWS[row]} {COLUMNS[column]}"
