"""Differences of two means: two independent samples, or pairs."""

import numpy as np
from scipy import stats

from analysis.errors import NoTestError, NotEstimableError
from analysis.statistics.estimate import Estimate, Scores
from analysis.statistics.requirements import is_constant


def welch_t(a: Scores, b: Scores, level: float = 0.95) -> Estimate:
    """Return the mean of a minus the mean of b (independent samples) with Welch's t interval.

    Raises NotEstimableError for fewer than two scores per sample or no variation.
    """
    if min(len(a), len(b)) < 2:
        raise NotEstimableError(
            f"at least two scores per sample are needed, but the samples have {len(a)} and {len(b)}"
        )
    if is_constant(a) and is_constant(b):
        raise NotEstimableError("the scores do not vary within either sample")
    if is_constant(a) or is_constant(b):
        return _one_sided_spread(a, b, level)
    result = stats.ttest_ind(a, b, equal_var=False)
    return _estimate("mean difference", a.mean() - b.mean(), result, level, len(a) + len(b))


def _one_sided_spread(a: Scores, b: Scores, level: float) -> Estimate:
    """Return Welch's estimate if only one sample varies: all its formulas, of which scipy warns."""
    varying = b if is_constant(a) else a
    value, df = float(a.mean() - b.mean()), float(len(varying) - 1)
    error = float(np.sqrt(varying.var(ddof=1) / len(varying)))
    half, t = float(stats.t.ppf((1 + level) / 2, df)) * error, value / error
    p = float(2 * stats.t.sf(abs(t), df))
    n = len(a) + len(b)
    return Estimate(
        "mean difference", value, value - half, value + half, level, n, "t interval", t, df, p
    )


def paired_t(a: Scores, b: Scores, level: float = 0.95) -> Estimate:
    """Return the mean of a - b over pairs (same length and order), with the paired t interval.

    Raises ValueError for unequal lengths, NotEstimableError for fewer than two pairs or differences
    that are all equal.
    """
    if len(a) != len(b):
        raise ValueError(f"a and b must have the same length, but have {len(a)} and {len(b)}")
    if len(a) < 2:
        raise NotEstimableError(f"at least two pairs are needed, but the data have {len(a)}")
    if is_constant(np.asarray(a - b)):
        # Differences that are all alike but not 0 are as clear as can be, for another method.
        error = NotEstimableError if is_constant(np.append(a - b, 0.0)) else NoTestError
        raise error(
            f"all {len(a)} paired differences equal {a[0] - b[0]:g}, so they have no variance"
        )
    result = stats.ttest_rel(a, b)
    return _estimate("mean of differences", float(np.mean(a - b)), result, level, len(a))


def _estimate(name: str, value: float, result: object, level: float, n: int) -> Estimate:
    interval = result.confidence_interval(level)  # type: ignore[attr-defined]
    return Estimate(
        name,
        float(value),
        float(interval.low),
        float(interval.high),
        level,
        n,
        "t interval",
        float(result.statistic),  # type: ignore[attr-defined]
        float(result.df),  # type: ignore[attr-defined]
        float(result.pvalue),  # type: ignore[attr-defined]
    )
