"""Descriptive statistics of an arm's scores: count, mean with interval, spread."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, NotEstimable, Scores, attempt
from analysis.statistics.requirements import is_constant


@dataclass(frozen=True)
class ArmSummary:
    """Summary of one arm's scores: count, mean, SD (divisor n - 1), median, minimum, maximum."""

    arm: str
    label: str
    n: int
    mean: Estimate | NotEstimable
    sd: float | None
    median: float | None
    minimum: float | None
    maximum: float | None

    @property
    def without_interval(self) -> str:
        """Return why a mean that can be shown has no interval, or nothing."""
        if isinstance(self.mean, Estimate) or not self.n:
            return ""
        return "a single score" if self.n == 1 else "all scores are equal"


def mean(
    scores: Scores, level: float = 0.95, low: float = -np.inf, high: float = np.inf
) -> Estimate:
    """Return the mean over participants with its t interval, truncated at `low` and `high`.

    Raises NotEstimableError for fewer than two scores or scores that are all equal.
    """
    n = len(scores)
    if n == 0:
        raise NotEstimableError("there are no scores")
    if n == 1:
        raise NotEstimableError(f"a single score, {scores[0]:g}, has no interval")
    if is_constant(scores):
        raise NotEstimableError(f"all {n} scores equal {scores[0]:g}, so there is no interval")
    # A mean outside the scale is impossible, so its interval ends where the scale ends.
    value = float(scores.mean())
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * scores.std(ddof=1) / np.sqrt(n))
    return Estimate(
        "mean", value, max(low, value - half), min(high, value + half), level, n, "t interval"
    )


def summarise(arm: str, label: str, scores: Scores, level: float = 0.95) -> ArmSummary:
    """Return the arm's summary, with NotEstimable or None for what cannot be computed."""
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
