"""Equivalence of two arms: two one-sided tests against the plan's smallest effect of interest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.two_samples import welch_t
from analysis.statistics.estimate import Estimate, NotEstimable, Scores
from analysis.statistics.multiplicity import holm

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

C = TypeVar("C", bound="DataclassInstance")

Verdict = Literal["different", "different but too small to matter", "equivalent", "undecided"]


@dataclass(frozen=True)
class OneSided:
    """A one-sided t test that the difference is on the inner side of a bound."""

    bound: float
    t: float
    p: float


@dataclass(frozen=True)
class Equivalence:
    """Both one-sided tests, and the difference with the matching 1 - 2 alpha interval.

    `p` is the larger p of the two: the arms are equivalent within ± `smallest_effect` if p < alpha.
    """

    smallest_effect: float
    lower: OneSided
    upper: OneSided
    df: float | None  # None: infinite
    difference: Estimate
    p: float


def equivalence(a: Scores, b: Scores, smallest_effect: float, alpha: float = 0.05) -> Equivalence:
    """Test equivalence with Schuirmann's (1987) two one-sided tests and Welch's error and df.

    Known answers, row 6. Raises NotEstimableError where Welch's t does.
    """
    difference = welch_t(a, b, 1 - 2 * alpha)
    error = float(np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))
    return _tested(difference, error, smallest_effect)


def equivalence_of(estimate: Estimate, smallest_effect: float, alpha: float = 0.05) -> Equivalence:
    """Test equivalence of a difference estimated by a model, with the error and df of its t test.

    Raises NotEstimableError if the estimate has no test, because its standard error is then
    unknown.
    """
    error = _standard_error(estimate)
    half = error * float(_distribution(estimate.df).ppf(1 - alpha))
    narrow = replace(
        estimate,
        low=estimate.value - half,
        high=estimate.value + half,
        level=1 - 2 * alpha,
    )
    return _tested(narrow, error, smallest_effect)


def _standard_error(estimate: Estimate) -> float:
    """Return the standard error behind the estimate's t test and interval."""
    if estimate.statistic is None:
        raise NotEstimableError(
            f"the {estimate.name} has no test, so its standard error is unknown"
        )
    if estimate.statistic:
        return estimate.value / estimate.statistic
    # A difference of exactly 0 divided by its t of 0 says nothing, but its interval does, unless
    # the interval is truncated at the ends of the scale of shares.
    half = estimate.high - estimate.value
    if half == 1:
        raise NotEstimableError(f"the interval of the {estimate.name} covers its entire scale")
    return half / float(_distribution(estimate.df).ppf((1 + estimate.level) / 2))


def _tested(difference: Estimate, error: float, smallest_effect: float) -> Equivalence:
    if smallest_effect <= 0:
        raise NotEstimableError(f"the smallest effect must be above 0, but is {smallest_effect:g}")
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
    """Return Student's t, or the normal distribution if df is infinite (None)."""
    return stats.norm if df is None else stats.t(df)


def verdict(p_difference: float, p_equivalence: float, alpha: float) -> Verdict:
    """Return which of the four combinations of difference and equivalence holds (Lakens, 2017)."""
    if p_difference < alpha:
        return "different but too small to matter" if p_equivalence < alpha else "different"
    return "equivalent" if p_equivalence < alpha else "undecided"


def with_verdicts(
    contrasts: tuple[C, ...],
    results: Mapping[str, Equivalence | NotEstimable],
    p_differences: Mapping[str, float | None],
    alpha: float,
) -> tuple[C, ...]:
    """Return the contrasts with their equivalence test, its adjusted p, and the verdict.

    `results` contains the equivalence test per arm, in the order of the contrasts; its p, adjusted
    by Holm, becomes `p_equivalence`. `p_differences` contains the p of the differences, already
    adjusted over the arms. The verdict is None if either p is missing.
    """
    adjusted = holm(
        {
            arm: result.p if isinstance(result, Equivalence) else None
            for arm, result in results.items()
        }
    )
    # A verdict combines two tests, so both p must be adjusted over the arms.
    judged = []
    for contrast, (arm, result) in zip(contrasts, results.items(), strict=True):
        p_difference, p_equivalence = p_differences[arm], adjusted[arm]
        combined = None
        if p_difference is not None and p_equivalence is not None:
            combined = verdict(p_difference, p_equivalence, alpha)
        judged.append(
            replace(contrast, equivalence=result, p_equivalence=p_equivalence, verdict=combined)
        )
    return tuple(judged)
