"""Per method, what was measured of its maps beside trust, reliance and understanding.

Three questions, none of them a test of a claim: do methods with better maps come out higher? Does
agreement follow whether the prediction is right? Does it follow how good the very map shown was?
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.one_way import scores_by_arm
from analysis.plan.plan import EXPLORATORY, Outcome
from analysis.plan.tables import MapQualityPlan
from analysis.sections.map_quality.agreement_by_map import Following, following
from analysis.sections.map_quality.rank_agreement import Means, order
from analysis.statistics.descriptives import mean
from analysis.statistics.estimate import Estimate, NotEstimable, Scores, attempt
from analysis.study_data.study_data import StudyData

FEWEST = 3  # methods, for an order to say anything


@dataclass(frozen=True)
class Quality:
    """A measure of the evaluation, in words."""

    measure: str
    label: str
    better: str  # higher, lower, neither


@dataclass(frozen=True)
class MethodRow:
    """An arm with a measured method: means over images, and over its participants.

    `discrimination`: share of right minus share of wrong predictions accepted, per participant.
    """

    arm: str
    label: str
    method: str
    qualities: Mapping[str, Estimate | NotEstimable]  # by measure
    outcomes: Mapping[str, Estimate | NotEstimable]  # by outcome
    discrimination: Estimate | NotEstimable


@dataclass(frozen=True)
class Together:
    """Spearman's ρ over methods: quality turned so that better is higher, and the outcome."""

    measure: str
    outcome: str
    rho: Estimate | NotEstimable


@dataclass(frozen=True)
class MapQuality:
    """The whole part. `outcomes`: label by key."""

    qualities: tuple[Quality, ...]
    outcomes: Mapping[str, str]
    methods: tuple[MethodRow, ...]
    together: tuple[Together, ...]
    following: tuple[Following, ...]


def map_quality(data: StudyData, scores: pd.DataFrame) -> MapQuality | NotEstimable:
    """Arms whose trials show a method that the evaluation measured."""
    plan = data.plan.map_quality or MapQualityPlan()
    return attempt("map quality", partial(_map_quality, data, scores, plan))


def _map_quality(data: StudyData, scores: pd.DataFrame, plan: MapQualityPlan) -> MapQuality:
    measured = data.evaluation
    if measured is None:
        raise NotEstimableError(
            "the maps were not measured; run evaluate_explanations and name its folder with "
            "--evaluation"
        )
    qualities = _qualities(measured, plan)
    outcomes = [
        one
        for one in data.plan.outcomes
        if one.key in plan.outcomes or (not plan.outcomes and one.role != EXPLORATORY)
    ]
    methods = {
        arm: method for arm, method in _methods(data).items() if method in set(measured["method"])
    }
    if not methods:
        known = sorted(set(measured["method"]))
        raise NotEstimableError(f"no arm shows a method that was measured ({', '.join(known)})")
    groups = {one.key: scores_by_arm(scores, one, data.plan) for one in outcomes}
    rows = tuple(
        _row(data, measured, qualities, groups, arm, method) for arm, method in methods.items()
    )
    return MapQuality(
        qualities,
        {one.key: one.label for one in outcomes},
        rows,
        tuple(
            Together(quality.measure, one.key, _order(rows, quality, one, plan, data.plan.level))
            for quality in qualities
            for one in outcomes
        ),
        tuple(following(data, measured, one.measure, one.better) for one in qualities),
    )


def _qualities(measured: pd.DataFrame, plan: MapQualityPlan) -> tuple[Quality, ...]:
    own = measured.drop_duplicates("measure").set_index("measure")
    found = tuple(
        Quality(key, str(own.loc[key, "label"]), str(own.loc[key, "better"]))
        for key in plan.measures
        if key in own.index
    )
    if not found:
        raise NotEstimableError(
            f"none of {list(plan.measures)} was measured, but {sorted(own.index)}"
        )
    return found


def _methods(data: StudyData) -> dict[str, str]:
    """Arm → method, arms whose trials all show maps of one."""
    if "method" not in data.trials:
        raise NotEstimableError("trials.csv has no column method, which says what was shown")
    named = data.trials["method"].fillna("").astype(str)
    shown = named.groupby(data.trials["arm"].to_numpy()).unique()
    return {
        arm: str(shown[arm][0])
        for arm in data.plan.arms
        if arm in shown.index and len(shown[arm]) == 1 and shown[arm][0]
    }


def _row(
    data: StudyData,
    measured: pd.DataFrame,
    qualities: tuple[Quality, ...],
    groups: Mapping[str, Mapping[str, Scores]],
    arm: str,
    method: str,
) -> MethodRow:
    level = data.plan.level
    own = measured[measured["method"] == method]

    def quality(key: str) -> Estimate:
        return mean(own.loc[own["measure"] == key, "value"].to_numpy(float), level)

    return MethodRow(
        arm,
        data.labels[arm],
        method,
        {one.measure: attempt("mean", partial(quality, one.measure)) for one in qualities},
        {
            key: attempt("mean", partial(mean, found[arm], level))
            for key, found in groups.items()
            if arm in found
        },
        attempt("discrimination", partial(_discrimination, data, arm)),
    )


def _discrimination(data: StudyData, arm: str) -> Estimate:
    trials = data.trials[(data.trials["arm"] == arm) & data.trials["agreed"].notna()]
    wide = trials.assign(agreed=trials["agreed"].astype(float)).pivot_table(
        index="participant", columns="prediction_correct", values="agreed", aggfunc="mean"
    )
    if not {0, 1} <= set(wide.columns):
        raise NotEstimableError("right and wrong predictions are needed")
    difference = (wide[1] - wide[0]).dropna().to_numpy(float)
    return mean(difference, data.plan.level, low=-1.0, high=1.0)


def _order(
    rows: tuple[MethodRow, ...],
    quality: Quality,
    outcome: Outcome,
    plan: MapQualityPlan,
    level: float,
) -> Estimate | NotEstimable:
    def found() -> Estimate:
        pairs = [
            (one.qualities[quality.measure], one.outcomes[outcome.key])
            for one in rows
            if outcome.key in one.outcomes
        ]
        there = [(a, b) for a, b in pairs if isinstance(a, Estimate) and isinstance(b, Estimate)]
        if len(there) < FEWEST:
            raise NotEstimableError(f"{FEWEST} methods with both are needed, got {len(there)}")
        sign = -1.0 if quality.better == "lower" else 1.0
        maps = Means.of([a for a, _ in there], sign)
        return order(maps, Means.of([b for _, b in there]), level, plan.seed)

    return attempt("ρ", found)
