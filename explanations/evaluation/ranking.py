"""Orders, rank correlations and overlaps of maps; ties are named and treated, never hidden."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from explanations.attribution import Floats


def most_relevant_first(relevance: Floats, seed: int) -> NDArray[np.int64]:
    """Pixel numbers (height * width,) from the most to the least relevant.

    Equal pixels, of which LIME and Grad-CAM have many, come in an order drawn by ``seed``.
    """
    values = relevance.ravel()
    chance = np.random.default_rng(seed).random(len(values))
    return np.lexsort((chance, -values))


def spearman(a: Floats, b: Floats) -> float:
    """Rank correlation of two maps; equal pixels share their mean rank.

    A map that is the same everywhere orders nothing: 0, and 1 with another such map.
    """
    flat = [bool(np.ptp(values) == 0) for values in (a, b)]
    if any(flat):
        return float(all(flat))
    ranks = [stats.rankdata(values.ravel()) for values in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


def top_weights(relevance: Floats, count: int) -> NDArray[np.float64]:
    """How much each pixel belongs to the ``count`` most relevant, (height * width,), sum count.

    1 above the limit, 0 below it; equal pixels at the limit share what is left of the places.
    """
    values = relevance.ravel()
    limit = np.partition(values, len(values) - count)[len(values) - count]
    above, level = values > limit, values == limit
    weights: NDArray[np.float64] = above + level * (count - above.sum()) / level.sum()
    return weights


def top_overlap(a: Floats, b: Floats, share: float = 0.1) -> float:
    """The share of the most relevant pixels of one map that are so in the other too, 0 to 1.

    ``share`` of the pixels count as most relevant: by chance the overlap is that share.
    """
    count = max(1, round(share * a.size))
    return float(np.minimum(top_weights(a, count), top_weights(b, count)).sum() / count)
