"""The same comparison under every declared choice: a specification curve for each outcome.

Simonsohn, Simmons & Nelson (2020); Steegen, Tuerlinckx, Gelman & Vanpaemel (2016).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.plan.plan import EXPLORATORY, Outcome
from analysis.plan.tables import MultiversePlan
from analysis.sections.multiverse.choices import Coding, People, codings, models, people
from analysis.sections.multiverse.models import ModelChoice
from analysis.statistics.estimate import Estimate, NotEstimable
from analysis.study_data.populations import outcome_scores
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class Specification:
    """One way through the choices, and d of each arm against the control.

    `planned`: every choice is the plan's.
    """

    people: str
    coding: str
    model: str
    planned: bool
    participants: int
    effects: Mapping[str, Estimate | NotEstimable]  # by arm


@dataclass(frozen=True)
class ArmCurve:
    """What the estimates of an arm have in common. They share their data: no test over them."""

    arm: str
    label: str
    estimated: int
    median: float | None
    least: float | None
    most: float | None
    above_zero: int  # intervals
    below_zero: int


@dataclass(frozen=True)
class SpecificationCurve:
    """An outcome under every declared choice; specifications by their mean d over the arms."""

    outcome: str
    label: str
    control: str
    specifications: tuple[Specification, ...]
    arms: tuple[ArmCurve, ...]


def multiverse(data: StudyData, scores: pd.DataFrame) -> tuple[SpecificationCurve, ...]:
    """A curve per outcome that the plan names, of every confirmatory one where it names none."""
    plan = data.plan.multiverse or MultiversePlan()
    wanted = [
        one
        for one in data.plan.outcomes
        if one.key in plan.outcomes or (not plan.outcomes and one.role != EXPLORATORY)
    ]
    return tuple(_curve(data, one, plan) for one in wanted if one.analysis not in WITHOUT_ARMS)


WITHOUT_ARMS = ("repeated", "factorial")  # analyses that compare no arms with a control


def _curve(data: StudyData, outcome: Outcome, plan: MultiversePlan) -> SpecificationCurve:
    ways = models(outcome, plan, yes_or_no=_yes_or_no(data, outcome))
    found = [
        _specification(group, coding, way)
        for group in people(data, outcome, plan)
        for coding in codings(group.outcome, plan)
        for way in ways
        if not (way.of_trials and coding.outcome.transform)
    ]
    others = [arm for arm in data.plan.arms_of(outcome) if arm != data.plan.control]
    return SpecificationCurve(
        outcome.key,
        outcome.label,
        data.labels[data.plan.control],
        tuple(sorted(found, key=_height)),
        tuple(_arm_curve(arm, data.labels[arm], found) for arm in others),
    )


def _specification(group: People, coding: Coding, way: ModelChoice) -> Specification:
    data, outcome = group.data, coding.outcome
    scores = data.participants[["participant", "arm"]].assign(
        **{outcome.key: outcome_scores(data, outcome).to_numpy()}
    )
    return Specification(
        group.label,
        coding.label,
        way.label,
        group.planned and coding.planned and outcome.analysis in way.stands_for,
        int(scores[outcome.key].notna().sum()),
        way.effects(data, scores, outcome),
    )


def _yes_or_no(data: StudyData, outcome: Outcome) -> bool:
    if outcome.kind != "trial_mean" or outcome.column is None:
        return False
    return set(data.trials[outcome.column].dropna().unique()) <= {0, 1}


def _height(one: Specification) -> tuple[float, str, str, str]:
    found = [effect.value for effect in one.effects.values() if isinstance(effect, Estimate)]
    mean = float(np.mean(found)) if found else float("inf")
    return mean, one.people, one.coding, one.model


def _arm_curve(arm: str, label: str, found: list[Specification]) -> ArmCurve:
    effects = [one.effects[arm] for one in found if arm in one.effects]
    there = [one for one in effects if isinstance(one, Estimate)]
    values = [one.value for one in there]
    return ArmCurve(
        arm,
        label,
        len(there),
        float(np.median(values)) if values else None,
        min(values, default=None),
        max(values, default=None),
        sum(one.low > 0 for one in there),
        sum(one.high < 0 for one in there),
    )
