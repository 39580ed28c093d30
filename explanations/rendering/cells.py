"""Maps in a few large cells, which suffice for comparing them with where people look."""

import numpy as np
from numpy.typing import NDArray

GRID = 16
"""Rows and columns of cells. Repeats analysis.statistics.attention_maps.GRID."""


def in_cells(relevance: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean positive relevance in GRID by GRID cells of equal size.

    A pixel on the border of two cells counts for each by the share of its area.
    """
    positive = np.maximum(relevance, 0).astype(np.float64)
    rows, columns = (_shares(length) for length in positive.shape)
    return np.asarray(rows @ positive @ columns.T, dtype=np.float64)


def _shares(length: int) -> NDArray[np.float64]:
    """Return how much of each cell (GRID, length) each of the pixels covers."""
    edges, pixels = np.linspace(0, length, GRID + 1), np.arange(length)
    low = np.maximum(edges[:-1, None], pixels)
    high = np.minimum(edges[1:, None], pixels + 1)
    return np.asarray(np.maximum(high - low, 0) * GRID / length, dtype=np.float64)
