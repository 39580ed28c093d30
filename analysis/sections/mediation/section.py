"""Does what people understand go with what they trust, and that with what they do? By arm."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis.errors import NotEstimableError
from analysis.plan.plan import Outcome
from analysis.plan.tables import MediationPlan
from analysis.sections.mediation.paths import Array, Paths, Through, paths
from analysis.statistics.estimate import Estimate, NotEstimable, attempt
from analysis.study_data.study_data import StudyData

FEWEST = 10  # participants per arm; with fewer, samples drawn anew repeat a handful of people


@dataclass(frozen=True)
class IndirectEffect:
    """The difference between arm and control that goes along one path, in the outcome's units."""

    through: tuple[str, ...]
    effect: Estimate


@dataclass(frozen=True)
class ArmPaths:
    """An arm against the control: total = direct + all indirect effects."""

    arm: str
    label: str
    total: Estimate
    direct: Estimate
    indirect: Estimate
    by_path: tuple[IndirectEffect, ...]


@dataclass(frozen=True)
class CriticalCorrelation:
    """The correlation of errors of mediator and outcome that would explain their path away."""

    mediator: str
    rho: Estimate


@dataclass(frozen=True)
class Mediation:
    """The plan's mediation. `left_out`: participants of the compared arms with a score missing."""

    outcome: str
    mediators: tuple[str, ...]
    control: str
    participants: int
    left_out: int
    runs: int
    seed: int
    arms: tuple[ArmPaths, ...]
    sensitivity: tuple[CriticalCorrelation, ...]


def mediation(data: StudyData, scores: pd.DataFrame) -> Mediation | NotEstimable:
    """Paths from the arms over the plan's mediators, in their order, to its outcome.

    One row per participant, whatever the number of trials, and whole participants are drawn anew
    within each arm, so that trials of one person stay together (a cluster bootstrap).
    """
    plan = data.plan.mediation or MediationPlan("", ())
    return attempt("mediation", partial(_mediation, data, scores, plan))


def _mediation(data: StudyData, scores: pd.DataFrame, plan: MediationPlan) -> Mediation:
    outcomes = {one.key: one for one in data.plan.outcomes}
    outcome, mediators = outcomes[plan.outcome], [outcomes[key] for key in plan.mediators]
    arms = _compared(data, [outcome, *mediators])
    asked = scores[scores["arm"].isin(arms)]
    table = asked.dropna(subset=[plan.outcome, *plan.mediators])
    sizes = table["arm"].value_counts()
    few = [arm for arm in arms if sizes.get(arm, 0) < FEWEST]
    if few:
        raise NotEstimableError(
            f"at least {FEWEST} participants per arm are needed, {', '.join(few)} has fewer"
        )
    names = tuple(one.label for one in mediators)
    found = _drawn(table, arms, plan)
    estimate = partial(_estimate, level=data.plan.level, n=len(table), runs=plan.runs)
    return Mediation(
        outcome.label,
        names,
        data.labels[arms[0]],
        len(table),
        len(asked) - len(table),
        plan.runs,
        plan.seed,
        tuple(
            ArmPaths(
                arm,
                data.labels[arm],
                estimate("total effect", found.total[:, place]),
                estimate("direct effect", found.direct[:, place]),
                estimate("indirect effect", _sum(found, place)),
                tuple(_path(found, through, names, place, estimate) for through in found.indirect),
            )
            for place, arm in enumerate(arms[1:])
        ),
        tuple(
            CriticalCorrelation(name, estimate("critical ρ", found.critical[:, place]))
            for place, name in enumerate(names)
        ),
    )


def _compared(data: StudyData, outcomes: list[Outcome]) -> list[str]:
    """The control, then every other arm in which all of the outcomes were asked."""
    asked = [set(data.plan.arms_of(one)) for one in outcomes]
    arms = [arm for arm in data.plan.arms if all(arm in one for one in asked)]
    if data.plan.control not in arms or len(arms) < 2:
        raise NotEstimableError("the control and another arm must have been asked all of it")
    return [data.plan.control, *(arm for arm in arms if arm != data.plan.control)]


def _drawn(table: pd.DataFrame, arms: list[str], plan: MediationPlan) -> Paths:
    """Row 0 of each array: the participants as they are; then `runs` samples of them."""
    arm = table["arm"].to_numpy()
    rng = np.random.default_rng(plan.seed)
    weights = np.ones((plan.runs + 1, len(table)))
    for one in arms:
        rows = np.flatnonzero(arm == one)
        shares = np.full(len(rows), 1 / len(rows))
        weights[1:, rows] = rng.multinomial(len(rows), shares, size=plan.runs)
    dummies = np.stack([arm == one for one in arms[1:]], axis=1).astype(float)
    mediators = table[list(plan.mediators)].to_numpy(float)
    return paths(dummies, mediators, table[plan.outcome].to_numpy(float), weights)


def _path(
    found: Paths,
    through: Through,
    names: tuple[str, ...],
    place: int,
    estimate: Callable[[str, Array], Estimate],
) -> IndirectEffect:
    effect = estimate("indirect effect", found.indirect[through][:, place])
    return IndirectEffect(tuple(names[j] for j in through), effect)


def _sum(found: Paths, place: int) -> Array:
    parts = [values[:, place] for values in found.indirect.values()]
    return np.asarray(np.sum(parts, axis=0))


def _estimate(name: str, values: Array, *, level: float, n: int, runs: int) -> Estimate:
    """Value of the sample itself and percentiles of the samples drawn from it."""
    value = float(values[0])
    low, high = np.quantile(values[1:], [(1 - level) / 2, (1 + level) / 2])
    method = f"percentiles of {runs} bootstrap samples of participants"
    return Estimate(name, value, min(value, float(low)), max(value, float(high)), level, n, method)
