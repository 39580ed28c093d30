"""The trials in the words of the measures: who was right, who followed whom, how sure."""

import numpy as np
import pandas as pd

from analysis.plan.tables import Behaviour
from analysis.study_data.study_data import StudyData

PLATFORM = Behaviour(  # the columns of this platform's own export
    advice="predicted_class",
    truth="true_class",
    accepted="agreed",
    confidence="sureness",
    response_time="response_time_ms",
)
DERIVED = (
    *("advice_right", "accepted", "final_right", "first_right", "first_agreed"),
    *("confidence", "probability", "weight_of_advice"),
    *("guess_right", "guess_above_chance", "response_time"),
)


def behaviour_of(data: StudyData) -> Behaviour | None:
    """The plan's own naming of columns, or the platform's where its columns hold anything."""
    if data.plan.behaviour is not None:
        return data.plan.behaviour
    return PLATFORM if data.trials["agreed"].notna().any() else None


def behaviour_trials(data: StudyData) -> pd.DataFrame:
    """One row per trial: participant, arm, and DERIVED as float, missing where it is undefined.

    Right and agreed are 1 and 0. With one answer a trial, `final_right` is a good decision: right
    advice accepted, wrong advice rejected. Response times below `shortest_time` are missing.
    """
    named = behaviour_of(data) or Behaviour()
    trials = data.trials
    found = {name: pd.Series(np.nan, index=trials.index) for name in DERIVED}
    found["advice_right"] = _same(trials, named.advice, named.truth)
    found["first_right"] = _same(trials, named.first, named.truth)
    found["first_agreed"] = _same(trials, named.first, named.advice)
    if named.accepted is not None:
        found["accepted"] = _number(trials, named.accepted)
        found["final_right"] = _equal(found["accepted"], found["advice_right"])
    else:
        found["accepted"] = _same(trials, named.final, named.advice)
        found["final_right"] = _same(trials, named.final, named.truth)
    found["confidence"] = _number(trials, named.confidence)
    found["weight_of_advice"] = _weight_of_advice(trials, named)
    found["probability"] = _probability(found["confidence"], named)
    guessed = _same(trials, named.guess, named.advice)
    found["guess_right"] = guessed
    if named.chance is not None:
        found["guess_above_chance"] = (guessed - named.chance) / (1 - named.chance)
    found["response_time"] = _times(_number(trials, named.response_time), named.shortest_time)
    return pd.DataFrame({"participant": trials["participant"], "arm": trials["arm"], **found})


def _same(trials: pd.DataFrame, one: str | None, other: str | None) -> pd.Series:
    """1 where both columns hold the same, 0 where they differ, missing where either is missing."""
    if one is None or other is None:
        return pd.Series(np.nan, index=trials.index)
    return _equal(trials[one], trials[other])


def _equal(one: pd.Series, other: pd.Series) -> pd.Series:
    both = (one.notna() & other.notna()).to_numpy()
    alike = (one == other).fillna(False).to_numpy(dtype=float)
    return pd.Series(np.where(both, alike, np.nan), index=one.index)


def _number(trials: pd.DataFrame, column: str | None) -> pd.Series:
    if column is None:
        return pd.Series(np.nan, index=trials.index)
    return trials[column].astype("float64")


def _weight_of_advice(trials: pd.DataFrame, named: Behaviour) -> pd.Series:
    """(l - f) / (a - f) of the estimates; undefined where advice and first hardly differ."""
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
