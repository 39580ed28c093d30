"""Trials in terms of the measures: who was right, who followed the advice, how confident."""

import numpy as np
import pandas as pd

from analysis.plan.catalogues.behaviour_measures import DERIVED_FROM
from analysis.plan.tables import PLATFORM_BEHAVIOUR, Behaviour
from analysis.study_data.study_data import StudyData


def behaviour_of(data: StudyData) -> Behaviour | None:
    """Return the plan's names of the columns, or the platform's if its columns contain data."""
    if data.plan.behaviour is not None:
        return data.plan.behaviour
    return PLATFORM_BEHAVIOUR if data.trials["agreed"].notna().any() else None


def behaviour_trials(data: StudyData) -> pd.DataFrame:
    """Return one row per trial: participant, arm, and the columns of DERIVED_FROM as float.

    A value is missing where it is undefined. Right and agreed are 1 or 0. With a single answer per
    trial, `final_right` is a good decision: right advice accepted, wrong advice rejected. Response
    times below `shortest_time` are missing.
    """
    named = behaviour_of(data) or Behaviour()
    trials = data.trials
    derived = {name: pd.Series(np.nan, index=trials.index) for name in DERIVED_FROM}
    derived["advice_right"] = _same(trials, named.advice, named.truth)
    derived["first_right"] = _same(trials, named.first, named.truth)
    derived["first_agreed"] = _same(trials, named.first, named.advice)
    # A study records either acceptance or a final answer; the other is derived.
    if named.accepted is not None:
        derived["accepted"] = _number(trials, named.accepted)
        derived["final_right"] = _equal(derived["accepted"], derived["advice_right"])
    else:
        derived["accepted"] = _same(trials, named.final, named.advice)
        derived["final_right"] = _same(trials, named.final, named.truth)
    derived["confidence"] = _number(trials, named.confidence)
    derived["weight_of_advice"] = _weight_of_advice(trials, named)
    derived["probability"] = _probability(derived["confidence"], named)
    guessed = _same(trials, named.guess, named.advice)
    derived["guess_right"] = guessed
    if named.chance is not None:
        derived["guess_above_chance"] = (guessed - named.chance) / (1 - named.chance)
    derived["response_time"] = _times(_number(trials, named.response_time), named.shortest_time)
    return pd.DataFrame({"participant": trials["participant"], "arm": trials["arm"], **derived})


def _same(trials: pd.DataFrame, first: str | None, second: str | None) -> pd.Series:
    """Return 1 where both columns are equal, 0 where they differ, else missing."""
    if first is None or second is None:
        return pd.Series(np.nan, index=trials.index)
    return _equal(trials[first], trials[second])


def _equal(first: pd.Series, second: pd.Series) -> pd.Series:
    both = (first.notna() & second.notna()).to_numpy()
    alike = (first == second).fillna(False).to_numpy(dtype=float)
    return pd.Series(np.where(both, alike, np.nan), index=first.index)


def _number(trials: pd.DataFrame, column: str | None) -> pd.Series:
    if column is None:
        return pd.Series(np.nan, index=trials.index)
    return trials[column].astype("float64")


def _weight_of_advice(trials: pd.DataFrame, named: Behaviour) -> pd.Series:
    """Return (l - f) / (a - f), undefined where advice and first estimate are close."""
    first = _number(trials, named.estimate_first)
    gap = _number(trials, named.estimate_advice) - first
    far = gap.abs() >= max(named.smallest_gap, 1e-12)
    return (_number(trials, named.estimate_final) - first) / gap.where(far)


def _probability(confidence: pd.Series, named: Behaviour) -> pd.Series:
    if not named.confidence_range or not named.probability_range:
        return pd.Series(np.nan, index=confidence.index)
    (low, high), (least, most) = named.confidence_range, named.probability_range
    return least + (confidence - low) / (high - low) * (most - least)


def _times(times: pd.Series, shortest: float) -> pd.Series:
    return times.where((times > 0) & (times >= shortest))
