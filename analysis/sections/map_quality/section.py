"""Quality of each method's maps compared with trust, reliance and understanding.

Three descriptive questions, none of them a test of a claim: do methods with better maps have higher
outcomes? Does agreement depend on whether the prediction is right? Does it depend on the quality of
the map shown?
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.one_way import scores_by_arm
from analysis.plan.plan import EXPLORATORY, Outcome, analysis_of
from analysis.plan.tables import MapQualityPlan
from analysis.sections.map_quality.agreement_by_map import Following, following
from analysis.sections.map_quality.rank_agreement import Means, order
from analysis.statistics.descriptives import mean
from analysis.statistics.estimate import Estimate, NotEstimable, Scores, attempt
from analysis.study_data.study_data import StudyData

FEWEST = 3  # smallest number of methods for which an order is informative


@dataclass(frozen=True)
class Quality:
    """A measure of the evaluation with its label and direction."""

    measure: str
    label: str
    better: str  # "higher", "lower" or "neither"


@dataclass(frozen=True)
class MethodRow:
    """An arm with a measured method: means over the method's images and the arm's participants.

    `discrimination` is the share of right minus the share of wrong predictions accepted, per
    participant.
    """

    arm: str
    label: str
    method: str
    qualities: Mapping[str, Estimate | NotEstimable]  # by measure
    outcomes: Mapping[str, Estimate | NotEstimable]  # by outcome
    discrimination: Estimate | NotEstimable


@dataclass(frozen=True)
class Together:
    """Spearman's ρ over methods, of quality (oriented so that higher is better) and the outcome."""

    measure: str
    outcome: str
    rho: Estimate | NotEstimable


@dataclass(frozen=True)
class MapQuality:
    """All results of the section. `outcomes` contains labels by key."""

    qualities: tuple[Quality, ...]
    outcomes: Mapping[str, str]
    methods: tuple[MethodRow, ...]
    together: tuple[Together, ...]
    following: tuple[Following, ...]


def map_quality(data: StudyData, scores: pd.DataFrame) -> MapQuality | NotEstimable:
    """Compare map quality and outcomes over the arms whose method the evaluation measured."""
    plan = data.plan.map_quality or MapQualityPlan()
    return attempt("map quality", partial(_map_quality, data, scores, plan))


def _map_quality(data: StudyData, scores: pd.DataFrame, plan: MapQualityPlan) -> MapQuality:
    measured = data.evaluation
    if measured is None:
        raise NotEstimableError(
            "the maps were not evaluated; run evaluate_explanations and pass its folder as "
            "--evaluation"
        )
    qualities = _qualities(measured, plan)
    outcomes = [
        item
        for item in data.plan.outcomes
        if item.key in plan.outcomes
        or (not plan.outcomes and item.role != EXPLORATORY and analysis_of(item).between_arms)
    ]
    # Arms that show several methods, or none that was evaluated, have no single quality.
    methods = {
        arm: method for arm, method in _methods(data).items() if method in set(measured["method"])
    }
    if not methods:
        known = sorted(set(measured["method"]))
        raise NotEstimableError(f"no arm shows an evaluated method ({', '.join(known)})")
    groups = {item.key: scores_by_arm(scores, item, data) for item in outcomes}
    rows = tuple(
        _row(data, measured, qualities, groups, arm, method) for arm, method in methods.items()
    )
    return MapQuality(
        qualities,
        {item.key: item.label for item in outcomes},
        rows,
        tuple(
            Together(quality.measure, item.key, _order(rows, quality, item, plan, data.plan.level))
            for quality in qualities
            for item in outcomes
        ),
        tuple(following(data, measured, item.measure, item.better) for item in qualities),
    )


def _qualities(measured: pd.DataFrame, plan: MapQualityPlan) -> tuple[Quality, ...]:
    measures = measured.drop_duplicates("measure").set_index("measure")
    qualities = tuple(
        Quality(key, str(measures.loc[key, "label"]), str(measures.loc[key, "better"]))
        for key in plan.measures
        if key in measures.index
    )
    if not qualities:
        raise NotEstimableError(
            f"the evaluation lacks {', '.join(plan.measures)}, but contains "
            f"{', '.join(sorted(measures.index))}; name some of these in the plan"
        )
    return qualities


def _methods(data: StudyData) -> dict[str, str]:
    """Return the method by arm, for arms whose trials all show maps of a single method."""
    if "method" not in data.trials:
        raise NotEstimableError("trials.csv lacks the column method, which names the map shown")
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
    rows = measured[measured["method"] == method]

    def quality(key: str) -> Estimate:
        return mean(rows.loc[rows["measure"] == key, "value"].to_numpy(float), level)

    # An arm that was not asked about an outcome has no entry for it.
    return MethodRow(
        arm,
        data.labels[arm],
        method,
        {item.measure: attempt("mean", partial(quality, item.measure)) for item in qualities},
        {
            key: attempt("mean", partial(mean, by_arm[arm], level))
            for key, by_arm in groups.items()
            if arm in by_arm
        },
        attempt("discrimination", partial(_discrimination, data, arm)),
    )


def _discrimination(data: StudyData, arm: str) -> Estimate:
    trials = data.trials[(data.trials["arm"] == arm) & data.trials["agreed"].notna()]
    wide = trials.assign(agreed=trials["agreed"].astype(float)).pivot_table(
        index="participant", columns="prediction_correct", values="agreed", aggfunc="mean"
    )
    if not {0, 1} <= set(wide.columns):
        raise NotEstimableError("answers to right and to wrong predictions are needed")
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
            (row.qualities[quality.measure], row.outcomes[outcome.key])
            for row in rows
            if outcome.key in row.outcomes
        ]
        there = [(a, b) for a, b in pairs if isinstance(a, Estimate) and isinstance(b, Estimate)]
        if len(there) < FEWEST:
            verb = "has" if len(there) == 1 else "have"
            raise NotEstimableError(
                f"at least {FEWEST} methods need estimates of both {quality.label} and "
                f"{outcome.label}, but only {len(there)} {verb} both"
            )
        # Measures for which lower is better change sign, so that a positive ρ always means better.
        sign = -1.0 if quality.better == "lower" else 1.0
        maps = Means.of([a for a, _ in there], sign)
        return order(maps, Means.of([b for _, b in there]), level, plan.seed)

    return attempt("ρ", found)
