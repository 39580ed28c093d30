"""Decisions derived by the analysis from each trial, whichever task it belongs to."""

import pandas as pd

DERIVED = ("decision_correct", "advice_followed")
"""Columns of trials that no file contains: 1, 0, or missing where the task does not define them."""

SURE_ENOUGH = 3  # ratings (1 to 4) from here on mean that the participant expects a right answer


def with_decisions(trials: pd.DataFrame, foreign: bool = False) -> pd.DataFrame:
    """Return the trials with the columns DERIVED.

    ``decision_correct``: a right prediction accepted or a wrong prediction rejected; the true class
    named at the end; the classifier's answer guessed, or its map identified; a rating on the right
    side of the middle. ``advice_followed``: the prediction accepted, or its class named at the end.
    In an arm without the classifier, the column is the agreement of the two. Trials of another
    study, whose columns may have other meanings, receive only `agreed`.
    """
    decided = _same(trials, "agreed", "prediction_correct")
    followed = _numbers(trials, "agreed")
    # Columns of another study may share a name with ours and mean something else.
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


def _same(trials: pd.DataFrame, first: str, second: str) -> "pd.Series[int]":
    if first not in trials:
        return _nothing(trials)
    alike = (trials[first] == trials[second]).astype("Int64")
    return alike.where(trials[first].notna())


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
