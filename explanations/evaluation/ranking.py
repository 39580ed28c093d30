"""Orders, rank correlations and overlaps of maps, with an explicit treatment of ties."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from explanations.attribution import Floats


def most_relevant_first(relevance: Floats, seed: int) -> NDArray[np.int64]:
    """Sort pixel numbers (height * width,) from the most to the least relevant.

    Equal pixels, which are frequent in maps by LIME and Grad-CAM, are in an order drawn by
    ``seed``.
    """
    values = relevance.ravel()
    chance = np.random.default_rng(seed).random(len(values))
    return np.lexsort((chance, -values))


def spearman(a: Floats, b: Floats) -> float:
    """Compute the rank correlation of two maps. Equal pixels share their mean rank.

    A constant map has no order: the correlation is 0, and 1 with another constant map.
    """
    flat = [bool(np.ptp(values) == 0) for values in (a, b)]
    if any(flat):
        return float(all(flat))
    ranks = [stats.rankdata(values.ravel()) for values in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


def top_weights(relevance: Floats, count: int) -> NDArray[np.float64]:
    """Compute each pixel's membership in the ``count`` most relevant pixels, with shape (height *
    width,).

    It is 1 above the limit and 0 below it; equal pixels at the limit share the remaining places, so
    that the sum is ``count``.
    """
    values = relevance.ravel()
    limit = np.partition(values, len(values) - count)[len(values) - count]
    above, level = values > limit, values == limit
    weights: NDArray[np.float64] = above + level * (count - above.sum()) / level.sum()
    return weights


def top_overlap(a: Floats, b: Floats, share: float = 0.1) -> float:
    """Compute the share of a map's most relevant pixels that are also the other map's, 0 to 1.

    ``share`` of the pixels count as most relevant; this is also the overlap expected by chance.
    """
    count = max(1, round(share * a.size))
    return float(np.minimum(top_weights(a, count), top_weights(b, count)).sum() / count)
