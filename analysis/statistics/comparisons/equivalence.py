"""Is a difference too small to matter? Two one-sided tests against the plan's smallest effect."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.two_samples import welch_t
from analysis.statistics.estimate import Estimate, Scores

Verdict = Literal["different", "different but too small to matter", "equivalent", "undecided"]


@dataclass(frozen=True)
class OneSided:
    """A one-sided t test against a bound: the difference lies on the bound's inner side."""

    bound: float
    t: float
    p: float


@dataclass(frozen=True)
class Equivalence:
    """Both tests, and the difference with its 1 - 2 alpha interval, the one that goes with them.

    `p` is the larger of the two: the arms are equivalent within ± `smallest_effect` if p < alpha.
    """

    smallest_effect: float
    lower: OneSided
    upper: OneSided
    df: float | None  # None: infinite
    difference: Estimate
    p: float


def equivalence(a: Scores, b: Scores, smallest_effect: float, alpha: float = 0.05) -> Equivalence:
    """Schuirmann's (1987) two one-sided tests with Welch's error and df (known answers, row 6)."""
    difference = welch_t(a, b, 1 - 2 * alpha)
    error = float(np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))
    return _tested(difference, error, smallest_effect)


def equivalence_of(estimate: Estimate, smallest_effect: float, alpha: float = 0.05) -> Equivalence:
    """The same of a difference that a model estimated, with the error and df of its own t test.

    Raises NotEstimableError where the estimate has no test, so that its error is not known.
    """
    if estimate.statistic is None or not estimate.statistic:
        raise NotEstimableError(f"{estimate.name}: it has no test to take the error from")
    error = estimate.value / estimate.statistic
    half = error * float(_distribution(estimate.df).ppf(1 - alpha))
    narrow = replace(
        estimate,
        low=estimate.value - half,
        high=estimate.value + half,
        level=1 - 2 * alpha,
    )
    return _tested(narrow, error, smallest_effect)


def _tested(difference: Estimate, error: float, smallest_effect: float) -> Equivalence:
    if smallest_effect <= 0:
        raise NotEstimableError(f"the smallest effect must be above 0, got {smallest_effect:g}")
    lower = (difference.value + smallest_effect) / error
    upper = (difference.value - smallest_effect) / error
    known = _distribution(difference.df)
    p_lower, p_upper = float(known.sf(lower)), float(known.cdf(upper))
    return Equivalence(
        smallest_effect,
        OneSided(-smallest_effect, lower, p_lower),
        OneSided(smallest_effect, upper, p_upper),
        difference.df,
        difference,
        max(p_lower, p_upper),
    )


def _distribution(df: float | None) -> Any:
    """Student's t, or the normal distribution where df are infinite."""
    return stats.norm if df is None else stats.t(df)


def verdict(p_difference: float, p_equivalence: float, alpha: float) -> Verdict:
    """The four outcomes of testing for a difference and for equivalence (Lakens, 2017)."""
    if p_difference < alpha:
        return "different but too small to matter" if p_equivalence < alpha else "different"
    return "equivalent" if p_equivalence < alpha else "undecided"
