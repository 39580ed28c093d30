"""Maps of where people looked on an image, and their agreement with other maps.

A map is a grid over an image, of shape (GRID, GRID), stored as a row of CELLS values from the top
left to the bottom right. All functions take maps with any number of leading axes.

Sources: normalised scanpath saliency is Peters, Iyer, Itti and Koch (2005), Vision Research 45,
2397-2416. The area under the ROC curve takes looks as positives like Judd, Ehinger, Durand and
Torralba (2009, ICCV), and all cells as negatives like Borji, Tavakoli, Sihite and Itti (2013,
ICCV), without drawing them at random. Both are compared by Bylinskii and others (2019), IEEE
Transactions on Pattern Analysis and Machine Intelligence 41, 740-757.
"""

import numpy as np
import numpy.typing as npt
from scipy import ndimage, stats

GRID = 16
"""Rows and columns of a map: 2 by 2 pixels of a CIFAR image, 14 by 14 of an image of 224."""
CELLS = GRID * GRID
CENTRE_WIDTH = 0.25
"""Standard deviation of the centred Gaussian, as a share of the image's width."""
Maps = npt.NDArray[np.float64]


def cells_of(x: Maps, y: Maps) -> npt.NDArray[np.int64]:
    """Return the cell, from 0, of each point. x and y are shares of the width and the height."""
    columns, rows = (np.clip((place * GRID).astype(int), 0, GRID - 1) for place in (x, y))
    return np.asarray(rows * GRID + columns, dtype=np.int64)


def smoothed(maps: Maps, radius: float) -> Maps:
    """Return the maps smoothed by a circle's size. `radius` is a share of the image's width.

    The Gaussian's standard deviation is half the radius, which is also the standard deviation of a
    uniform disc along each axis. Mirrored edges keep the sum of each map.
    """
    width = radius / 2 * GRID
    grids = maps.reshape(-1, GRID, GRID)
    blurred = ndimage.gaussian_filter(grids, (0.0, width, width), mode="reflect")
    return np.asarray(blurred.reshape(maps.shape), dtype=np.float64)


def centred() -> Maps:
    """Return a Gaussian around the image's centre, a map of the preference for the centre alone."""
    offsets = (np.arange(GRID) + 0.5) / GRID - 0.5
    profile = np.exp(-0.5 * (offsets / CENTRE_WIDTH) ** 2)
    return np.asarray(np.outer(profile, profile).ravel(), dtype=np.float64)


def standardised(maps: Maps) -> Maps:
    """Return each map with mean 0 and standard deviation 1, or 0 everywhere for a constant map."""
    deviations = maps - maps.mean(axis=-1, keepdims=True)
    spread = maps.std(axis=-1, keepdims=True)
    # A sum of rounding errors must not become a pattern.
    flat = spread <= 1e-12 * np.abs(maps).max(axis=-1, keepdims=True)
    return np.asarray(
        np.divide(deviations, spread, out=np.zeros_like(deviations), where=~flat), dtype=np.float64
    )


def ranks(maps: Maps) -> Maps:
    """Return the rank of each cell in its map, from 1. Equal cells share their mean rank."""
    return np.asarray(stats.rankdata(maps, axis=-1), dtype=np.float64)


def shares_below(ranked: Maps) -> Maps:
    """Return, from ranks, the share of lower cells and half the share of equal cells."""
    return np.asarray((ranked - 0.5) / CELLS)


def rank_correlation(a: Maps, b: Maps) -> Maps:
    """Return Spearman's ρ over the cells, or 0 if a map is constant, since it says nothing."""
    return np.asarray((standardised(ranks(a)) * standardised(ranks(b))).mean(axis=-1))


def nss(looks: Maps, maps: Maps) -> Maps:
    """Return the normalised scanpath saliency: the mean of the standardised map over the looks.

    `looks` are shares of the time per cell, which sum to 1. Chance is 0, as for a constant map.
    """
    return np.asarray((looks * standardised(maps)).sum(axis=-1))


def auc(looks: Maps, maps: Maps) -> Maps:
    """Return the area under the ROC curve of the map's values, with .5 as chance.

    It is the probability that the map is higher where somebody looks, weighted by time, than in a
    cell drawn at random, and half the probability that it is equal. `looks` sum to 1.
    """
    return np.asarray((looks * shares_below(ranks(maps))).sum(axis=-1))


def spearman_brown(half: float) -> float:
    """Return the reliability of the whole from the correlation of its halves.

    2 r / (1 + r) (Spearman, 1910, and Brown, 1910, British Journal of Psychology 3). A correlation
    that is not positive gives 0.
    """
    return 2 * half / (1 + half) if half > 0 else 0.0
