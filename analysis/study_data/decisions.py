"""What became of each trial, whichever task asked it: columns that the analysis itself derives."""

import pandas as pd

DERIVED = ("decision_correct", "advice_followed")
"""Columns of trials that stand in no file; 1, 0, or missing where the task says nothing of it."""

SURE_ENOUGH = 3  # of rated_right, 1 to 4: from here on the person thinks that the answer is right


def with_decisions(trials: pd.DataFrame, foreign: bool = False) -> pd.DataFrame:
    """The trials with DERIVED; of another study's, whose columns may mean anything, `agreed` alone.

    ``decision_correct``: a right prediction accepted or a wrong one rejected; the true class named
    at the end; the classifier's answer guessed, or its map told from others; a rating on the right
    side of the middle.
    ``advice_followed``: the prediction accepted, or its class named at the end. A human alone
    follows nobody, so there the second says how often both agree.
    """
    decided = _same(trials, "agreed", "prediction_correct")
    followed = _numbers(trials, "agreed")
    if foreign:
        return trials.assign(decision_correct=decided, advice_followed=followed)
    for correct in (
        _same(trials, "final_answer", "true_class"),
        _same(trials, "guessed_answer", "predicted_class"),
        _same(trials, "chosen_map", "predicted_map"),
        _rated(trials),
    ):
        decided = decided.fillna(correct)
    followed = followed.fillna(_same(trials, "final_answer", "predicted_class"))
    return trials.assign(decision_correct=decided, advice_followed=followed)


def _same(trials: pd.DataFrame, one: str, other: str) -> "pd.Series[int]":
    if one not in trials:
        return _nothing(trials)
    alike = (trials[one] == trials[other]).astype("Int64")
    return alike.where(trials[one].notna())


def _rated(trials: pd.DataFrame) -> "pd.Series[int]":
    rated = _numbers(trials, "rated_right")
    taken_for_right = (rated >= SURE_ENOUGH).astype("Int64")
    return (taken_for_right == trials["prediction_correct"]).astype("Int64").where(rated.notna())


def _numbers(trials: pd.DataFrame, column: str) -> "pd.Series[int]":
    if column not in trials:
        return _nothing(trials)
    return pd.to_numeric(trials[column], errors="coerce").astype("Int64")


def _nothing(trials: pd.DataFrame) -> "pd.Series[int]":
    return pd.Series(pd.NA, index=trials.index, dtype="Int64")
