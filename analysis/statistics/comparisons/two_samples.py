"""Do two means differ? Two arms, or the same people twice."""

import numpy as np
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, Scores
from analysis.statistics.requirements import is_constant


def welch_t(a: Scores, b: Scores, level: float = 0.95) -> Estimate:
    """Mean of a minus mean of b, two independent samples, Welch's t interval."""
    if min(len(a), len(b)) < 2:
        raise NotEstimableError(f"two scores per sample are needed, got {len(a)} and {len(b)}")
    if is_constant(a) and is_constant(b):
        raise NotEstimableError("neither sample has any spread")
    result = stats.ttest_ind(a, b, equal_var=False)
    return _estimate("mean difference", a.mean() - b.mean(), result, level, len(a) + len(b))


def paired_t(a: Scores, b: Scores, level: float = 0.95) -> Estimate:
    """Mean of a - b over pairs (equal length, same order), with the paired t interval."""
    if len(a) != len(b):
        raise ValueError(f"pairs need as many a as b, got {len(a)} and {len(b)}")
    if len(a) < 2:
        raise NotEstimableError(f"at least two pairs are needed, got {len(a)}")
    if is_constant(np.asarray(a - b)):
        raise NotEstimableError("all differences are equal")
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
