"""Scores per participant from raw answers, which are only read and never changed."""

from typing import cast

import numpy as np
import pandas as pd

from analysis.plan.plan import Outcome
from analysis.study_data.study_data import StudyData

MINIMUM_SHARE_ANSWERED = 0.8  # share of a scale's items required for a score


def reverse(values: pd.DataFrame, codebook: pd.DataFrame) -> pd.DataFrame:
    """Return values (participants, items) with reversed items as minimum + maximum - value.

    `codebook` has one row per item with reversed, minimum and maximum.
    """
    items = codebook.set_index("item")
    turned = values.copy()
    for item in values.columns:
        row = items.loc[item]
        if row["reversed"] == 1:
            turned[item] = row["minimum"] + row["maximum"] - values[item]
    return turned


def minimum_share(rows: pd.DataFrame) -> float:
    """Return the share of a scale's items that must be answered, from these codebook rows."""
    stated = rows["minimum_answered"].dropna()
    return MINIMUM_SHARE_ANSWERED if stated.empty else float(stated.iloc[0])


def mean_of_items(values: pd.DataFrame, share: float = MINIMUM_SHARE_ANSWERED) -> pd.Series:
    """Return the mean over the answered items per row, or missing if too few were answered."""
    return values.mean(axis=1).where(values.notna().mean(axis=1) >= share)


def scale_items(data: StudyData, questionnaire: str, scale: str) -> pd.DataFrame:
    """Return the answers (participants, items) to a scale's items after reversal."""
    book = data.codebook.dropna(subset=["item"])
    rows = book[(book["scale"] == scale) & (book["questionnaire"] == questionnaire)]
    return reverse(raw_items(data, questionnaire, rows), rows).astype("float64")


def raw_items(data: StudyData, questionnaire: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the answers (participants, items) as clicked to the items of these codebook rows."""
    wide = _wide(data.answers, questionnaire, rows, ["participant"])
    return wide.reindex(index=data.participants["participant"])


def _wide(
    answers: pd.DataFrame, questionnaire: str, rows: pd.DataFrame, by: list[str]
) -> pd.DataFrame:
    """Return the answers (levels of `by`, items) to the items of the codebook rows."""
    answered = answers["questionnaire"] == questionnaire
    answers = answers[answered & answers["item"].isin(rows["item"])]
    answers = answers.assign(value=pd.to_numeric(answers["value"]).astype("float64"))
    # A questionnaire on several pages is averaged over the pages where it was answered.
    wide = answers.pivot_table(index=by, columns="item", values="value", aggfunc="mean")
    return wide.reindex(columns=list(rows["item"]))


def scale_score(data: StudyData, outcome: Outcome) -> pd.Series:
    """Return the score on the outcome's scale by participant, missing with too few answers.

    The required share is the plan's, else the codebook's. A sum with missing items is the number of
    items times the mean of the answered items.
    """
    # `plan_columns` has checked that the scale belongs to a single questionnaire.
    items = data.codebook[data.codebook["scale"] == outcome.scale]
    questionnaire = str(items["questionnaire"].iloc[0])
    return _score(scale_items(data, questionnaire, cast("str", outcome.scale)), items, outcome)


def block_scores(data: StudyData, outcome: Outcome) -> pd.DataFrame:
    """Return the outcome's scale or item after each block: participant, its `within`, and value.

    In a within-subjects design the page of a questionnaire is repeated in each block.
    """
    key, named = ("scale", outcome.scale) if outcome.scale is not None else ("item", outcome.item)
    items = data.codebook[data.codebook[key] == named]
    by = ["participant", str(outcome.within)]
    in_blocks = data.answers[data.answers[by[1]] != ""]
    answered = _wide(in_blocks, str(items["questionnaire"].iloc[0]), items, by)
    values = reverse(answered, items).astype("float64")
    return _score(values, items, outcome).rename("value").dropna().reset_index()


def _score(values: pd.DataFrame, items: pd.DataFrame, outcome: Outcome) -> pd.Series:
    share = minimum_share(items) if outcome.min_answered is None else outcome.min_answered
    mean = mean_of_items(values, share)
    return mean * len(items) if (items["score"] == "sum").all() else mean


def item_score(data: StudyData, outcome: Outcome) -> pd.Series:
    """Return the answer to the outcome's item by participant, reversed if the item is."""
    # `plan_columns` has checked that the item belongs to a single questionnaire.
    rows = data.codebook[data.codebook["item"] == outcome.item]
    values = raw_items(data, str(rows["questionnaire"].iloc[0]), rows)
    return reverse(values, rows)[str(outcome.item)]


def trial_mean(data: StudyData, outcome: Outcome) -> pd.Series:
    """Return the mean of the outcome's trial column by participant over trials that match `where`.

    Only answered trials count, and each participant counts once, whatever their number of trials.
    With transform "log" it is the mean of logarithms.
    """
    trials = outcome_trials(data, outcome)
    means = trials.groupby("participant")["value"].mean()
    return means.reindex(data.participants["participant"]).astype("float64")


def outcome_trials(data: StudyData, outcome: Outcome) -> pd.DataFrame:
    """Return the outcome's answered trials: every column, and `value`, its column as float.

    `value` is transformed if the outcome is. In a table without any decisions, such as that of
    another study, a trial counts as answered if the outcome's column is filled.
    """
    trials = data.trials
    decided = trials["decision_correct"].notna()
    if decided.any():
        trials = trials[decided]
    for column, value in outcome.where.items():
        trials = trials[(trials[column] == value).fillna(False).astype(bool)]
    values = trials[cast("str", outcome.column)].astype("float64")
    if outcome.transform == "log":
        values = values.where(values > 0).map(np.log)
    return trials.assign(value=values).dropna(subset=["value"])
