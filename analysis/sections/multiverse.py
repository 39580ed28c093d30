"""Specification curves, which show each comparison under every declared choice.

A specification combines a choice of participants, of the score's coding and of the model. All
models express the difference from the control as a standardised d. A new model is a function and an
entry in MODELS. Simonsohn, Simmons & Nelson (2020); Steegen, Tuerlinckx, Gelman & Vanpaemel (2016).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.outcomes.binary_trials import binary_trials
from analysis.outcomes.one_way import scores_by_arm
from analysis.outcomes.trial_models import trial_model
from analysis.plan.plan import EXPLORATORY, Outcome, Plan, Population, has_a_curve, kind_of
from analysis.plan.tables import Model, MultiversePlan
from analysis.statistics.comparisons.ranks import superiority
from analysis.statistics.effect_sizes import hedges_g
from analysis.statistics.estimate import Estimate, NotEstimable, attempt
from analysis.study_data.exclusions.by_hand import without_rules_by_hand
from analysis.study_data.logarithms import has_none
from analysis.study_data.populations import members, outcome_scores
from analysis.study_data.scoring import MINIMUM_SHARE_ANSWERED, answered_trials
from analysis.study_data.study_data import StudyData

ByArm = dict[str, Estimate | NotEstimable]
PEOPLE = {
    "randomised": "all randomised",
    "completed": "completed",
    "per_protocol": "per protocol",
}


@dataclass(frozen=True)
class ModelChoice:
    """A way to measure the difference of an arm from the control as a standardised d.

    `effects` takes (data, scores, outcome) and returns d by arm. `stands_for` lists the analyses of
    which this model is the planned specification.
    """

    key: Model
    label: str
    of_trials: bool  # needs an outcome of yes-or-no trials
    stands_for: tuple[str, ...]
    effects: Callable[[StudyData, pd.DataFrame, Outcome], ByArm]


def by_means(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ByArm:
    """Return Hedges' g by arm."""
    groups = scores_by_arm(scores, outcome, data)
    control, level = data.plan.control, data.plan.level
    return {
        arm: attempt("d", lambda arm=arm: hedges_g(groups[arm], groups[control], level))  # type: ignore[misc]
        for arm in groups
        if arm != control
    }


def by_ranks(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ByArm:
    """Return d = √2 Φ⁻¹(probability of superiority) by arm.

    This is the d of two normal samples with that probability (McGraw & Wong, 1992); the interval is
    Brunner and Munzel's, transformed likewise.
    """
    # Φ⁻¹ is infinite at 0 and 1, so an interval that reaches them has no counterpart in d.
    groups = scores_by_arm(scores, outcome, data)
    control, level = data.plan.control, data.plan.level

    def effect(arm: str) -> Estimate:
        share = superiority(groups[arm], groups[control], level)
        if share.low <= 0 or share.high >= 1:
            raise NotEstimableError("the interval of the probability of superiority reaches 0 or 1")
        return _through(share, lambda p: float(np.sqrt(2) * stats.norm.ppf(p)))

    return {
        arm: attempt("d", lambda arm=arm: effect(arm))  # type: ignore[misc]
        for arm in groups
        if arm != control
    }


def by_clustered_odds(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ByArm:
    """Return d = ln(odds ratio) √3/π (Chinn, 2000) by arm, with odds clustered by participant."""
    found = binary_trials(data, scores, outcome)
    return {contrast.arm: _from_odds(contrast.odds_ratio) for contrast in found.contrasts}


def by_mixed_odds(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ByArm:
    """Return d from the odds ratios of the logistic mixed model, by arm."""
    asked = replace(outcome, analysis="logistic_trials", fallback=("none",), within=None)
    found = trial_model(data, scores, asked)
    if not found.contrasts:
        reason = (
            found.test.reason
            if isinstance(found.test, NotEstimable)
            else "the model was not fitted"
        )
        arms = [arm for arm in data.plan.arms_of(outcome) if arm != data.plan.control]
        return {arm: NotEstimable("d", reason) for arm in arms}
    return {contrast.arm: _from_odds(contrast.estimate) for contrast in found.contrasts}


MODELS = (
    ModelChoice("means", "difference of means", False, ("one_way", "linear_trials"), by_means),
    ModelChoice("ranks", "ranks", False, ("ranks", "ordinal_trials"), by_ranks),
    ModelChoice("odds", "odds, clustered", True, ("binary_trials",), by_clustered_odds),
    ModelChoice("mixed_odds", "odds, mixed model", True, ("logistic_trials",), by_mixed_odds),
)


def _from_odds(ratio: Estimate | NotEstimable) -> Estimate | NotEstimable:
    if isinstance(ratio, NotEstimable):
        return ratio
    return _through(ratio, lambda odds: float(np.log(odds) * np.sqrt(3) / np.pi))


def _through(estimate: Estimate, to_d: Callable[[float], float]) -> Estimate:
    """Transform value and interval to d by an increasing function.

    The test is dropped.
    """
    value, low, high = (to_d(x) for x in (estimate.value, estimate.low, estimate.high))
    method = f"{estimate.method}, as d"
    return Estimate("d", value, low, high, estimate.level, estimate.n, method)


@dataclass(frozen=True)
class People:
    """The participants analysed: exclusion criteria of the study, population of the outcome."""

    label: str
    data: StudyData
    outcome: Outcome  # the outcome with this population
    planned: bool


@dataclass(frozen=True)
class Coding:
    """The outcome with a rule for its score."""

    label: str
    outcome: Outcome
    planned: bool


def people(data: StudyData, outcome: Outcome, plan: MultiversePlan) -> Iterator[People]:
    """Yield the declared populations, then the study without each exclusion criterion in turn."""
    rules = data.plan.exclusions
    by_hand = data.rules[len(rules) :]
    told = set()
    for name in dict.fromkeys([outcome.population, *plan.populations]):
        if name == "per_protocol" and not data.rules and name != outcome.population:
            continue  # the same as "completed" without exclusion criteria
        label = _people_label(name, data.plan)
        if label not in told:
            told.add(label)
            changed = replace(outcome, population=name)
            yield People(label, data, changed, name == outcome.population)
    if not plan.without_each_rule:
        return
    for rule in rules:
        kept = tuple(other for other in rules if other.key != rule.key)
        without = replace(data, plan=replace(data.plan, exclusions=kept))
        changed = replace(outcome, population="per_protocol")
        yield People(f"without the rule “{rule.label}”", without, changed, False)
    if by_hand:
        without = replace(data, manifest=without_rules_by_hand(data.manifest))
        changed = replace(outcome, population="per_protocol")
        yield People("without the exclusions by hand", without, changed, False)


def _people_label(population: Population, plan: Plan) -> str:
    """Return the population's name, which claims no more than the data of another study show."""
    if population == "completed" and plan.states == "unknown":
        return _people_label("randomised", plan)
    if population == "randomised" and plan.allocation != "randomised":
        return "all participants"
    return PEOPLE[population]


def codings(
    outcome: Outcome, plan: MultiversePlan, *, has_logarithms: bool = True
) -> Iterator[Coding]:
    """Yield the planned coding, then other minimum shares of answered items, or logarithms.

    Logarithms that some values do not have would leave trials out, so that they are not a coding of
    the same score.
    """
    if kind_of(outcome).key == "scale":
        planned = outcome.min_answered or MINIMUM_SHARE_ANSWERED
        yield Coding(_share(planned), outcome, True)
        for share in plan.min_answered:
            if share != planned:
                yield Coding(_share(share), replace(outcome, min_answered=share), False)
        return
    yield Coding("logarithms" if outcome.transform else "as measured", outcome, True)
    if plan.logarithms and outcome.kind == "trial_mean":
        if outcome.transform:
            yield Coding("as measured", replace(outcome, transform=None), False)
        elif has_logarithms:
            yield Coding("logarithms", replace(outcome, transform="log"), False)


def models(outcome: Outcome, plan: MultiversePlan, *, yes_or_no: bool) -> list[ModelChoice]:
    """Return the model of the outcome's analysis and the plan's models that suit the outcome."""
    return [
        model
        for model in MODELS
        if (model.key in plan.models or outcome.analysis in model.stands_for)
        and (yes_or_no or not model.of_trials)
    ]


def _share(share: float) -> str:
    return f"{share:.0%} of the items answered"


@dataclass(frozen=True)
class Specification:
    """A combination of choices, and d of each arm against the control.

    `planned` is True if every choice is the plan's.
    """

    people: str
    coding: str
    model: str
    planned: bool
    participants: int
    effects: Mapping[str, Estimate | NotEstimable]  # d by arm


@dataclass(frozen=True)
class ArmCurve:
    """Summary of an arm's estimates.

    They share their data, so they are not tested together.
    """

    arm: str
    label: str
    estimated: int
    median: float | None
    least: float | None
    most: float | None
    above_zero: int  # number of intervals
    below_zero: int


@dataclass(frozen=True)
class SpecificationCurve:
    """An outcome under every declared choice.

    Specifications are sorted by their mean d.
    """

    outcome: str
    label: str
    control: str
    specifications: tuple[Specification, ...]
    arms: tuple[ArmCurve, ...]


def multiverse(data: StudyData, scores: pd.DataFrame) -> tuple[SpecificationCurve, ...]:
    """Return a curve per outcome that the plan names, or else per confirmatory outcome."""
    plan = data.plan.multiverse or MultiversePlan()
    wanted = [
        outcome
        for outcome in data.plan.outcomes
        if outcome.key in plan.outcomes or (not plan.outcomes and outcome.role != EXPLORATORY)
    ]
    return tuple(_curve(data, outcome, plan) for outcome in wanted if has_a_curve(outcome))


def _curve(data: StudyData, outcome: Outcome, plan: MultiversePlan) -> SpecificationCurve:
    # Odds are of raw yes-or-no trials, so they have no logarithmic coding.
    ways = models(outcome, plan, yes_or_no=_yes_or_no(data, outcome))
    positive = outcome.kind == "trial_mean" and not _unlogged(data, outcome)
    known: dict[Rows, ByArm] = {}
    specifications = [
        _specification(group, coding, way, known)
        for group in people(data, outcome, plan)
        for coding in codings(group.outcome, plan, has_logarithms=positive)
        for way in ways
        if not (way.of_trials and coding.outcome.transform)
    ]
    others = [arm for arm in data.plan.arms_of(outcome) if arm != data.plan.control]
    return SpecificationCurve(
        outcome.key,
        outcome.label,
        data.labels[data.plan.control],
        tuple(sorted(specifications, key=_height)),
        tuple(_arm_curve(arm, data.labels[arm], specifications) for arm in others),
    )


def _unlogged(data: StudyData, outcome: Outcome) -> bool:
    """Return whether an answered trial of the outcome has no logarithm."""
    return bool(has_none(answered_trials(data, outcome)["value"], "log").any())


Rows = tuple[str, bytes, bytes, str]  # model, participants, scores and transformation of trials


def _specification(
    group: People, coding: Coding, way: ModelChoice, known: dict[Rows, ByArm]
) -> Specification:
    """Return d by arm, from `known` if another specification has used exactly these rows.

    A rule that excludes nobody, for instance, leaves the rows of the other specifications.
    """
    data, outcome = group.data, coding.outcome
    scores = data.participants[["participant", "arm"]].assign(
        **{outcome.key: outcome_scores(data, outcome).to_numpy()}
    )
    rows = (
        way.key,
        members(data, outcome.population).to_numpy().tobytes(),
        scores[outcome.key].to_numpy(dtype=float).tobytes(),
        outcome.transform or "",
    )
    if rows not in known:
        known[rows] = way.effects(data, scores, outcome)
    return Specification(
        group.label,
        coding.label,
        way.label,
        group.planned and coding.planned and outcome.analysis in way.stands_for,
        int(scores[outcome.key].notna().sum()),
        known[rows],
    )


def _yes_or_no(data: StudyData, outcome: Outcome) -> bool:
    if outcome.kind != "trial_mean" or outcome.column is None:
        return False
    return set(data.trials[outcome.column].dropna().unique()) <= {0, 1}


def _height(spec: Specification) -> tuple[float, str, str, str]:
    values = [effect.value for effect in spec.effects.values() if isinstance(effect, Estimate)]
    mean = float(np.mean(values)) if values else float("inf")
    return mean, spec.people, spec.coding, spec.model


def _arm_curve(arm: str, label: str, specifications: list[Specification]) -> ArmCurve:
    effects = [spec.effects[arm] for spec in specifications if arm in spec.effects]
    estimates = [effect for effect in effects if isinstance(effect, Estimate)]
    values = [estimate.value for estimate in estimates]
    return ArmCurve(
        arm,
        label,
        len(estimates),
        float(np.median(values)) if values else None,
        min(values, default=None),
        max(values, default=None),
        sum(estimate.low > 0 for estimate in estimates),
        sum(estimate.high < 0 for estimate in estimates),
    )
