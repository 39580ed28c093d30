"""What are the scores of an arm? Count, mean with interval, spread."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, NotEstimable, Scores, attempt
from analysis.statistics.requirements import is_constant


@dataclass(frozen=True)
class ArmSummary:
    """One arm's scores: how many, mean, SD (divisor n - 1), median, smallest, largest."""

    arm: str
    label: str
    n: int
    mean: Estimate | NotEstimable
    sd: float | None
    median: float | None
    minimum: float | None
    maximum: float | None


def mean(
    scores: Scores, level: float = 0.95, low: float = -np.inf, high: float = np.inf
) -> Estimate:
    """Mean over participants with its t interval, cut at `low` and `high` where scores end."""
    n = len(scores)
    if n == 0:
        raise NotEstimableError("no scores")
    if n == 1:
        raise NotEstimableError(f"a single score, {scores[0]:g}, has no interval")
    if is_constant(scores):
        raise NotEstimableError(f"all {n} scores equal {scores[0]:g}, so there is no interval")
    value = float(scores.mean())
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * scores.std(ddof=1) / np.sqrt(n))
    return Estimate(
        "mean", value, max(low, value - half), min(high, value + half), level, n, "t interval"
    )


def summarise(arm: str, label: str, scores: Scores, level: float = 0.95) -> ArmSummary:
    """The arm's summary; what its few or equal scores do not allow is left out, with the reason."""
    n = len(scores)
    return ArmSummary(
        arm,
        label,
        n,
        attempt("mean", lambda: mean(scores, level)),
        float(scores.std(ddof=1)) if n > 1 else None,
        float(np.median(scores)) if n else None,
        float(scores.min()) if n else None,
        float(scores.max()) if n else None,
    )
