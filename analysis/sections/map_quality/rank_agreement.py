"""Do two lists of means have the same order? Spearman's ρ, and how sure the order is."""

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
        """From t intervals; a cut end of an interval leaves the other to tell the error."""
        values = np.array([one.value for one in estimates])
        reach = np.array([max(one.value - one.low, one.high - one.value) for one in estimates])
        quantiles = np.array([stats.t.ppf((1 + one.level) / 2, one.n - 1) for one in estimates])
        return cls(sign * values, reach / quantiles)


def order(a: Means, b: Means, level: float, seed: int) -> Estimate:
    """ρ of the means. Its interval: percentiles of ρ when both lists are drawn from their errors.

    It says how sure the order of these methods is, and nothing about methods that were not shown.
    """
    if is_constant(a.values) or is_constant(b.values):
        raise NotEstimableError("all means are equal")
    rng = np.random.default_rng(seed)
    shape = (DRAWS, len(a.values))
    drawn = [one.values + one.errors * rng.standard_normal(shape) for one in (a, b)]
    x, y = (stats.rankdata(one, axis=1) for one in drawn)
    spread = len(a.values) * (len(a.values) ** 2 - 1)
    found = 1 - 6 * ((x - y) ** 2).sum(axis=1) / spread  # continuous draws have no ties
    value = float(stats.spearmanr(a.values, b.values).statistic)
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(
        "Spearman's ρ",
        value,
        min(value, float(low)),
        max(value, float(high)),
        level,
        len(a.values),
        f"percentiles of {DRAWS} draws of both means from their errors",
    )
