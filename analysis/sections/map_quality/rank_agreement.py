"""Rank agreement of two lists of means, as Spearman's ρ with its uncertainty."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, Scores
from analysis.statistics.requirements import is_constant

DRAWS = 5000


@dataclass(frozen=True)
class Means:
    """Means with their standard errors, both (methods,)."""

    values: Scores
    errors: Scores

    @classmethod
    def of(cls, estimates: Sequence[Estimate], sign: float = 1.0) -> "Means":
        """Recover means and errors from t intervals.

        If one end of an interval is truncated, the longer side gives the error.
        """
        values = np.array([estimate.value for estimate in estimates])
        reach = np.array(
            [
                max(estimate.value - estimate.low, estimate.high - estimate.value)
                for estimate in estimates
            ]
        )
        quantiles = np.array(
            [stats.t.ppf((1 + estimate.level) / 2, estimate.n - 1) for estimate in estimates]
        )
        return cls(sign * values, reach / quantiles)


def order(a: Means, b: Means, level: float, seed: int) -> Estimate:
    """Return ρ of the means, with percentiles of ρ over random draws of both lists as its interval.

    The draws use the standard errors of the means, so the interval describes the uncertainty of
    the order of these methods and does not generalise to other methods. Raises NotEstimableError if
    all means of a list are equal.
    """
    if is_constant(a.values) or is_constant(b.values):
        raise NotEstimableError("all means are equal")
    rng = np.random.default_rng(seed)
    shape = (DRAWS, len(a.values))
    drawn = [means.values + means.errors * rng.standard_normal(shape) for means in (a, b)]
    x, y = (stats.rankdata(means, axis=1) for means in drawn)
    spread = len(a.values) * (len(a.values) ** 2 - 1)
    correlations = (
        1 - 6 * ((x - y) ** 2).sum(axis=1) / spread
    )  # draws are continuous, so without ties
    # Without the last digits, in which equal means of participants' scores may differ.
    ranked = [stats.rankdata(np.round(means.values, 10)) for means in (a, b)]
    value = float(np.corrcoef(ranked)[0, 1])
    low, high = np.quantile(correlations, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(
        "Spearman's ρ",
        value,
        min(value, float(low)),
        max(value, float(high)),
        level,
        len(a.values),
        f"percentiles of {DRAWS} draws of both means from their errors",
    )
