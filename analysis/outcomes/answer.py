"""Answer of an outcome: its differences in the units of its scale, and how certain they are."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from scipy import stats

from analysis.outcomes.ancova import Ancova
from analysis.outcomes.binary_trials import BinaryTrials
from analysis.outcomes.factorial import Factorial
from analysis.outcomes.finding import OutcomeFinding
from analysis.outcomes.likelihood_ratio import LikelihoodRatio
from analysis.outcomes.mixed_anova import MixedAnova
from analysis.outcomes.one_way import OneWay
from analysis.outcomes.paired import Paired
from analysis.outcomes.paired_preferences import PairedPreferences
from analysis.outcomes.permutation import Permuted
from analysis.outcomes.ranks import Ranked
from analysis.outcomes.repeated import Repeated
from analysis.outcomes.trial_models import TrialModel
from analysis.plan.plan import MEASURES, Outcome, Plan, tested_effect
from analysis.statistics.comparisons.pairwise import PairwiseDifference
from analysis.statistics.estimate import Bound, Estimate, HypothesisTest, NotEstimable
from analysis.study_data.score_range import Range

Unit = Literal["points", "share", "milliseconds", "seconds", "ratio", "log", "odds", "chance"]
"""points of the scale; share: a difference of shares; ratio: of geometric means; log: logarithms of
1 + value; odds: an odds ratio; chance: the probability that one is higher than, or preferred to,
the other, which is .5 without a difference."""
Adjustment = Literal["Dunnett", "Tukey-Kramer", "Bonferroni", "none"]
Certainty = Literal[
    "very strong evidence", "strong evidence", "moderate evidence", "too small to matter",
    "cannot be told",
]  # fmt: skip
STRENGTHS: tuple[tuple[float, Certainty], ...] = (
    (0.001, "very strong evidence"),
    (0.01, "strong evidence"),
)
"""Limits of the larger adjusted p, after the scale of Muff et al. (2022)."""
NULL: Mapping[Unit, float] = {"ratio": 1.0, "odds": 1.0, "chance": 0.5}
"""Value of a unit without a difference, where it is not 0."""
LIMITS: Mapping[Unit, tuple[float, float]] = {"share": (-1.0, 1.0), "chance": (0.0, 1.0)}

Compared = Estimate | Bound | NotEstimable


@dataclass(frozen=True)
class Difference:
    """An arm, time, condition or map against `reference`, in the unit of its answer.

    `arm` is a key and `label` its label. The interval is adjusted over the outcome's comparisons,
    as `Answer.adjusted_by` says, and `p_adjusted` is the p that decides about this comparison.
    """

    arm: str
    label: str
    reference: str
    estimate: Compared
    p_adjusted: float | None
    certainty: Certainty


@dataclass(frozen=True)
class Answer:
    """The differences that answer an outcome's question, with the certainty of each."""

    unit: Unit
    adjusted_by: Adjustment
    differences: tuple[Difference, ...]

    @property
    def shown(self) -> tuple[Difference, ...]:
        """Return the differences that the report claims."""
        unproven = ("cannot be told", "too small to matter")
        return tuple(one for one in self.differences if one.certainty not in unproven)

    @property
    def null(self) -> float:
        """Return the value of no difference: 1 for ratios, .5 for chances, otherwise 0."""
        return NULL.get(self.unit, 0.0)


@dataclass(frozen=True)
class _Pair:
    """A comparison as its analysis reports it, before any adjustment of its interval."""

    arm: str
    label: str
    reference: str
    estimate: Compared
    p_adjusted: float | None
    p_equivalence: float | None = None


def certainty(
    p_outcome: float | None, p_comparison: float | None, alpha: float, equivalent: bool = False
) -> Certainty:
    """Return the words for a comparison, from the adjusted p of its outcome and its own.

    A difference is claimed only if both are below alpha. The words then follow the larger of the
    two: below .001 very strong, below .01 strong, otherwise moderate evidence. `equivalent` is
    whether the comparison is shown to be smaller than the smallest effect that matters.
    """
    if p_outcome is None or p_comparison is None or max(p_outcome, p_comparison) >= alpha:
        return "too small to matter" if equivalent else "cannot be told"
    decisive = max(p_outcome, p_comparison)
    return next((words for limit, words in STRENGTHS if decisive < limit), "moderate evidence")


def answer_of(
    outcome: Outcome,
    found: OutcomeFinding,
    p_outcome: float | None,
    ends: Range,
    plan: Plan,
    labels: Mapping[str, str],
) -> Answer | None:
    """Return the outcome's answer, or None if its analysis compares nothing.

    `found` are the results of the analysis that decides, and `ends` the ends of the score's scale.
    """
    pairs, adjusted_by = _pairs(found, outcome, plan, labels)
    if not pairs:
        return None
    unit = _unit(found, outcome, ends)
    differences = tuple(
        Difference(
            pair.arm,
            pair.label,
            pair.reference,
            _in_unit(pair.estimate, found, unit, len(pairs) if adjusted_by == "Bonferroni" else 1),
            pair.p_adjusted,
            certainty(
                p_outcome,
                pair.p_adjusted,
                plan.alpha,
                pair.p_equivalence is not None and pair.p_equivalence < plan.alpha,
            ),
        )
        for pair in pairs
    )
    return Answer(unit, adjusted_by, differences)


def bonferroni(estimate: Estimate, comparisons: int, logarithmic: bool = False) -> Estimate:
    """Return the estimate with an interval that holds for all `comparisons` at once.

    Each side is stretched by the ratio of the quantiles of t (or the normal distribution) at
    1 - (1 - level) / (2 m) and at (1 + level) / 2, for ratios on the scale of their logarithm.
    """
    if comparisons < 2:
        return estimate
    known = stats.norm if estimate.df is None else stats.t(estimate.df)
    outer = float(known.ppf(1 - (1 - estimate.level) / (2 * comparisons)))
    stretch = outer / float(known.ppf((1 + estimate.level) / 2))
    there, back = (math.log, math.exp) if logarithmic else (_same, _same)
    value, low, high = there(estimate.value), there(estimate.low), there(estimate.high)
    return replace(
        estimate,
        low=min(estimate.value, back(value - stretch * (value - low))),
        high=max(estimate.value, back(value + stretch * (high - value))),
        method=f"{estimate.method}, Bonferroni over {comparisons}",
    )


def _same(value: float) -> float:
    return value


def _in_unit(estimate: Compared, found: OutcomeFinding, unit: Unit, comparisons: int) -> Compared:
    """Return the estimate with its adjusted interval, converted to the answer's unit."""
    if not isinstance(estimate, Estimate):
        return estimate
    odds = isinstance(found, PairedPreferences)
    if (odds or unit == "odds") and estimate.low <= 0:
        return estimate
    adjusted = bonferroni(estimate, comparisons, odds or unit == "odds")
    if odds:
        return _converted(adjusted, lambda odds: odds / (1 + odds))
    if unit == "ratio":
        return _converted(adjusted, math.exp)
    low, high = LIMITS.get(unit, (-math.inf, math.inf))
    return replace(adjusted, low=max(low, adjusted.low), high=min(high, adjusted.high))


def _converted(estimate: Estimate, function: Callable[[float], float]) -> Estimate:
    """Return value and interval after an increasing function."""
    return replace(
        estimate,
        value=function(estimate.value),
        low=function(estimate.low),
        high=function(estimate.high),
    )


def _unit(found: OutcomeFinding, outcome: Outcome, ends: Range) -> Unit:
    if isinstance(found, Ranked | PairedPreferences):
        return "chance"
    if isinstance(found, BinaryTrials):
        return "share"
    if isinstance(found, LikelihoodRatio):
        return "share" if found.family == "logistic" else "odds"
    if isinstance(found, TrialModel) and outcome.analysis == "ordinal_trials":
        return "odds"
    if isinstance(found, TrialModel) and outcome.analysis == "logistic_trials":
        return "share"
    if outcome.transform is not None:
        return "ratio" if outcome.transform == "log" else "log"
    if outcome.measure is not None:
        measure = next(one for one in MEASURES if one.key == outcome.measure)
        units: Mapping[str, Unit] = {"share": "share", "ms": "milliseconds"}
        return units.get(measure.unit, "points")
    column = outcome.column or ""
    if column.endswith("_ms"):
        return "milliseconds"
    if column.endswith("_seconds"):
        return "seconds"
    return "share" if ends == (0.0, 1.0) else "points"


def _pairs(
    found: OutcomeFinding, outcome: Outcome, plan: Plan, labels: Mapping[str, str]
) -> tuple[list[_Pair], Adjustment]:
    """Return the comparisons that answer the outcome, and how their intervals are adjusted."""
    control = labels.get(plan.control, plan.control)
    if isinstance(found, OneWay):
        # Dunnett's p and intervals are adjusted over the arms already.
        return [
            _Pair(one.arm, one.label, control, one.difference, _p(one.difference),
                  one.p_equivalence)
            for one in found.contrasts
        ], "Dunnett"  # fmt: skip
    if isinstance(found, Factorial):
        return _factorial(found, outcome, plan, labels)
    pairs = _within(found, labels) or _against_control(found, control)
    return pairs, "Bonferroni" if len(pairs) > 1 else "none"


def _against_control(found: OutcomeFinding, control: str) -> list[_Pair]:
    """Return each arm against the control, from analyses whose intervals are not adjusted."""
    if isinstance(found, Ranked):
        return [
            _Pair(one.arm, one.label, control, one.superiority, one.p_adjusted)
            for one in found.contrasts
        ]
    if isinstance(found, Ancova):
        return [
            _Pair(one.arm, one.label, control, one.difference, one.p_adjusted, one.p_equivalence)
            for one in found.contrasts
        ]
    if isinstance(found, MixedAnova):
        several = len(found.times) > 2
        return [
            _Pair(
                one.arm,
                f"{one.label}, {one.reference} to {one.time}" if several else one.label,
                control,
                one.difference,
                one.p_adjusted,
            )
            for one in found.contrasts
        ]
    if isinstance(found, BinaryTrials):
        return [
            _Pair(one.arm, one.label, control, one.risk_difference, one.p_adjusted,
                  one.p_equivalence)
            for one in found.contrasts
        ]  # fmt: skip
    if isinstance(found, LikelihoodRatio):
        return [
            _Pair(one.arm, one.label, control, one.risk_difference or one.odds_ratio,
                  one.p_adjusted)
            for one in found.contrasts
        ]  # fmt: skip
    if isinstance(found, TrialModel):
        return [
            _Pair(one.arm, one.label, control, one.marginal or one.estimate, one.p_adjusted,
                  one.p_equivalence)
            for one in found.contrasts
        ]  # fmt: skip
    if isinstance(found, Permuted):
        return [
            _Pair(one.arm, one.label, one.reference, one.difference, one.p_adjusted)
            for one in found.contrasts
        ]
    return []


def _within(found: OutcomeFinding, labels: Mapping[str, str]) -> list[_Pair]:
    """Return the pairs of times, conditions or maps that the same participants saw."""
    if isinstance(found, Paired) and len(found.arms) == 2:
        first, second = (labels.get(arm.label, arm.label) for arm in found.arms)
        p_equivalence = getattr(found.equivalence, "p", None)
        p = found.test.p if isinstance(found.test, HypothesisTest) else None
        return [_Pair(found.arms[1].arm, second, first, found.difference, p, p_equivalence)]
    if isinstance(found, Repeated):
        return [
            _Pair(
                one.condition,
                labels.get(one.condition, one.condition),
                labels.get(one.reference, one.reference),
                one.difference,
                one.p_adjusted,
            )
            for one in found.pairs
        ]
    if isinstance(found, PairedPreferences):
        return [
            _Pair(one.method, one.label, one.reference_label, one.odds, one.p_adjusted)
            for one in found.pairs
        ]
    return []


def _factorial(
    found: Factorial, outcome: Outcome, plan: Plan, labels: Mapping[str, str]
) -> tuple[list[_Pair], Adjustment]:
    """Return the pairs of the tested factor's levels, or the simple effects for an interaction."""
    tested = tested_effect(outcome)
    if tested == "a:b":
        effects = found.simple_effects
        entries = [] if isinstance(effects, NotEstimable) else effects
        pairs = [
            _Pair(
                one.level,
                f"{labels.get(one.level, one.level)}, {labels.get(one.at, one.at)}",
                labels.get(one.reference, one.reference),
                one.difference,
                one.p_adjusted,
            )
            for one in entries
            if one.factor == "a"
        ]
        return pairs, "Bonferroni" if len(pairs) > 1 else "none"
    levels = found.pairs if tested == "a" else found.second_pairs
    if levels is None or isinstance(levels, NotEstimable):
        return [], "none"
    among = [one for one in levels if plan.control in (one.arm, one.reference)] or list(levels)
    return [_of_levels(one, plan.control, labels) for one in among], "Tukey-Kramer"


def _of_levels(pair: PairwiseDifference, control: str, labels: Mapping[str, str]) -> _Pair:
    """Return the pair with the control, if it is in it, as the reference."""
    arm, reference, difference = pair.arm, pair.reference, pair.difference
    if arm == control and isinstance(difference, Estimate):
        arm, reference = reference, arm
        difference = replace(
            difference, value=-difference.value, low=-difference.high, high=-difference.low,
            statistic=None,
        )  # fmt: skip
    return _Pair(
        arm, labels.get(arm, arm), labels.get(reference, reference), difference, _p(difference)
    )


def _p(difference: Estimate | NotEstimable) -> float | None:
    return difference.p if isinstance(difference, Estimate) else None
