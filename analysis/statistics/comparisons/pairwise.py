"""Differences of means between all pairs of arms, with simultaneous intervals."""

from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.studentized_range import critical_range, range_sf
from analysis.statistics.estimate import Estimate, Groups, NotEstimable, Scores, attempt
from analysis.statistics.requirements import is_constant, require_arms, require_scores


@dataclass(frozen=True)
class PairwiseDifference:
    """Mean of `arm` minus mean of `reference`.

    p and interval are adjusted over all pairs.
    """

    arm: str
    reference: str
    difference: Estimate | NotEstimable


def games_howell(groups: Groups, level: float = 0.95) -> tuple[PairwiseDifference, ...]:
    """Compare every pair of arms by Games and Howell's (1976) method, without equal variances.

    The studentised range of all k arms gives p and the simultaneous intervals; each pair has its
    own Welch-Satterthwaite df. `statistic` is the studentised range q = √2 |t|, with the sign of t.
    """
    require_arms(groups)
    require_scores(groups)
    k = len(groups)
    return tuple(
        PairwiseDifference(
            arm,
            reference,
            attempt("mean difference", partial(_pair, groups[arm], groups[reference], k, level)),
        )
        for reference, arm in combinations(groups, 2)
    )


def _pair(a: Scores, b: Scores, k: int, level: float) -> Estimate:
    if is_constant(a) and is_constant(b):
        raise NotEstimableError(
            f"the scores do not vary within either arm: all equal {a[0]:g} and {b[0]:g}"
        )
    # Each pair has its own Welch-Satterthwaite df, but k of the range counts all arms.
    variance_a, variance_b = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    error = float(np.sqrt(variance_a + variance_b))
    df = float(
        (variance_a + variance_b) ** 2
        / (variance_a**2 / (len(a) - 1) + variance_b**2 / (len(b) - 1))
    )
    difference = float(a.mean() - b.mean())
    q = np.sqrt(2) * difference / error
    half = float(critical_range(level, k, df) * error / np.sqrt(2))
    return Estimate(
        "mean difference",
        difference,
        difference - half,
        difference + half,
        level,
        len(a) + len(b),
        f"Games-Howell, simultaneous over all pairs of {k} arms",
        float(q),
        df,
        range_sf(abs(q), k, df),
    )
