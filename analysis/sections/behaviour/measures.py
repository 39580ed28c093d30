"""Measures of behaviour in the plan's catalogue, per participant and per arm."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from analysis.plan.plan import MEASURES, Measure, Outcome, resolve
from analysis.sections.behaviour.calibration_curve import CalibrationPoint, calibration_points
from analysis.sections.behaviour.complementarity import Complementarity, complementarity
from analysis.sections.behaviour.ratios import Ratio
from analysis.sections.behaviour.trials import behaviour_of, behaviour_trials
from analysis.statistics.descriptives import mean
from analysis.statistics.estimate import Estimate, NotEstimable, Scores, attempt
from analysis.study_data.populations import members
from analysis.study_data.scoring import DIGITS
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class ArmMeasure:
    """A measure in an arm: the mean over the participants for whom it is defined.

    For a ratio, `numerator` and `denominator` count trials of the whole arm; otherwise
    `denominator` counts the trials behind the measure. `undefined` counts participants without such
    trials.
    """

    key: str
    label: str
    unit: str
    estimate: Estimate | NotEstimable
    defined: int
    undefined: int
    numerator: int | None
    denominator: int


@dataclass(frozen=True)
class ArmBehaviour:
    """All measures that the arm's trials allow, in the order of plan.MEASURES."""

    arm: str
    label: str
    measures: tuple[ArmMeasure, ...]


@dataclass(frozen=True)
class BehaviourResults:
    """Measures of everyone randomised whose data exist, and calibration curves."""

    arms: tuple[ArmBehaviour, ...]
    complementarity: tuple[Complementarity, ...]
    calibration: tuple[CalibrationPoint, ...]


def behaviour(data: StudyData) -> BehaviourResults | None:
    """Compute the measures, or return None if the columns of behaviour are not known."""
    if behaviour_of(data) is None:
        return None
    trials = _analysed_trials(data)
    # A measure is offered if any arm has its columns, so that the arms' tables have the same rows.
    of_arm = {arm: trials[trials["arm"] == arm] for arm in data.plan.arms}
    offered = [measure for measure in MEASURES if trials[list(measure.needs)].notna().any().all()]
    alone = data.plan.human_alone
    return BehaviourResults(
        tuple(
            ArmBehaviour(
                arm,
                label,
                tuple(_arm_measure(measure, of_arm[arm], data.plan.level) for measure in offered),
            )
            for arm, label in data.labels.items()
        ),
        tuple(
            complementarity(arm, label, of_arm[arm], of_arm[alone], data.plan.level)
            for arm, label in data.labels.items()
            if arm != alone
        )
        if alone is not None
        else (),
        calibration_points(trials, data.labels, data.plan.level),
    )


def participant_measure(data: StudyData, outcome: Outcome) -> pd.Series:
    """Return the outcome's measure by participant, missing where it is undefined."""
    measure = next(measure for measure in MEASURES if measure.key == outcome.measure)
    trials = behaviour_trials(data)
    for column, value in outcome.where.items():
        trials = trials[(data.trials[column] == value).fillna(False).to_numpy(dtype=bool)]
    values = per_participant(measure)(trials)["value"]
    scores = values.reindex(data.participants["participant"]).astype("float64")
    # A ratio of counts has no sum whose last digits depend on the order of the trials.
    return scores if isinstance(per_participant(measure), Ratio) else scores.round(DIGITS)


def per_participant(measure: Measure) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return the function from behaviour trials to value, numerator and denominator."""
    return resolve(measure.path)


def _arm_measure(measure: Measure, trials: pd.DataFrame, level: float) -> ArmMeasure:
    people = int(trials["participant"].nunique())
    # AUROC and calibration error need more trials than a participant has, so they are per arm.
    if measure.per == "arm":
        usable = trials.dropna(subset=list(measure.needs))
        defined = int(usable["participant"].nunique())
        estimate = attempt(measure.label, partial(resolve(measure.path), trials, level))
        return ArmMeasure(
            measure.key, measure.label, measure.unit, estimate, defined, people - defined, None,
            len(usable),
        )  # fmt: skip
    table = per_participant(measure)(trials)
    scores = table["value"].dropna().to_numpy(dtype=float)
    counted = table["numerator"].notna().any()
    return ArmMeasure(
        measure.key,
        measure.label,
        measure.unit,
        attempt(measure.label, partial(_mean, scores, measure, level)),
        len(scores),
        people - len(scores),
        int(table["numerator"].sum()) if counted else None,
        int(table["denominator"].sum()),
    )


def _mean(scores: Scores, measure: Measure, level: float) -> Estimate:
    share = measure.unit == "share"
    estimate = mean(scores, level, *((0.0, 1.0) if share else (-np.inf, np.inf)))
    if measure.unit == "ms":  # a mean of logarithms, reported as a geometric mean
        low, value, high = (float(np.exp(x)) for x in (estimate.low, estimate.value, estimate.high))
        return Estimate("geometric mean", value, low, high, level, estimate.n, "t interval of logs")
    if measure.null is None:
        return estimate
    test = stats.ttest_1samp(scores, measure.null)
    return replace(
        estimate, statistic=float(test.statistic), df=float(test.df), p=float(test.pvalue)
    )


def _analysed_trials(data: StudyData) -> pd.DataFrame:
    people = data.participants["participant"][members(data, "randomised").to_numpy()]
    trials = behaviour_trials(data)
    return trials[trials["participant"].isin(people)]
