"""Is a difference too small to matter? Two one-sided tests against the plan's smallest effect."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from analysis.comparisons.two_samples import welch_t
from analysis.errors import NotEstimableError
from analysis.estimate import Estimate, Scores

Verdict = Literal["different", "different but too small to matter", "equivalent", "undecided"]


@dataclass(frozen=True)
class OneSided:
    """A one-sided Welch test against a bound: the difference lies on the bound's inner side."""

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
    df: float
    difference: Estimate
    p: float


def equivalence(a: Scores, b: Scores, smallest_effect: float, alpha: float = 0.05) -> Equivalence:
    """Schuirmann's (1987) two one-sided tests with Welch's error and df (known answers, row 6)."""
    if smallest_effect <= 0:
        raise NotEstimableError(f"the smallest effect must be above 0, got {smallest_effect:g}")
    difference = welch_t(a, b, 1 - 2 * alpha)
    error = float(np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))
    if difference.df is None:
        raise NotEstimableError("Welch's test gave no degrees of freedom")
    df = difference.df
    lower = (difference.value + smallest_effect) / error
    upper = (difference.value - smallest_effect) / error
    p_lower, p_upper = float(stats.t.sf(lower, df)), float(stats.t.cdf(upper, df))
    return Equivalence(
        smallest_effect,
        OneSided(-smallest_effect, lower, p_lower),
        OneSided(smallest_effect, upper, p_upper),
        df,
        difference,
        max(p_lower, p_upper),
    )


def verdict(p_difference: float, p_equivalence: float, alpha: float) -> Verdict:
    """The four outcomes of testing for a difference and for equivalence (Lakens, 2017)."""
    if p_difference < alpha:
        return "different but too small to matter" if p_equivalence < alpha else "different"
    return "equivalent" if p_equivalence < alpha else "undecided"
