"""From raw answers to one score per participant. Raw values are never changed, only read."""

from typing import cast

import pandas as pd

from analysis.plan import Outcome
from analysis.table import StudyData

MINIMUM_SHARE_ANSWERED = 0.8  # of a scale's items; with fewer there is no score


def reverse(values: pd.DataFrame, codebook: pd.DataFrame) -> pd.DataFrame:
    """Values (participants, items) with reversed items turned: minimum + maximum - value.

    `codebook` has one row per item with reversed, minimum and maximum.
    """
    items = codebook.set_index("item")
    turned = values.copy()
    for item in values.columns:
        row = items.loc[item]
        if row["reversed"] == 1:
            turned[item] = row["minimum"] + row["maximum"] - values[item]
    return turned


def mean_of_items(values: pd.DataFrame, share: float = MINIMUM_SHARE_ANSWERED) -> pd.Series:
    """Mean over the answered items per row; missing where less than `share` of them is answered."""
    return values.mean(axis=1).where(values.notna().mean(axis=1) >= share)


def scale_items(data: StudyData, questionnaire: str, scale: str) -> pd.DataFrame:
    """Answers to a scale's items after reversal, (participants, items); missing if not answered."""
    book = data.codebook.dropna(subset=["item"])
    rows = book[(book["scale"] == scale) & (book["questionnaire"] == questionnaire)]
    keys = ["questionnaire", "item"]
    answers = data.answers.merge(rows[keys], on=keys)
    answers = answers.assign(value=pd.to_numeric(answers["value"]).astype("float64"))
    wide = answers.pivot(index="participant", columns="item", values="value")
    values = wide.reindex(index=data.participants["participant"], columns=list(rows["item"]))
    return reverse(values, rows).astype("float64")


def scale_score(data: StudyData, outcome: Outcome) -> pd.Series:
    """Score on the outcome's scale by participant, missing where too few items are answered."""
    items = data.codebook[data.codebook["scale"] == outcome.scale]  # one questionnaire: checked
    questionnaire = str(items["questionnaire"].iloc[0])
    return mean_of_items(scale_items(data, questionnaire, cast("str", outcome.scale)))


def trial_mean(data: StudyData, outcome: Outcome) -> pd.Series:
    """Mean of the outcome's trial column by participant, over answered trials that fit `where`.

    Each participant counts once, however many trials they answered.
    """
    trials = data.trials[data.trials["agreed"].notna()]
    for column, value in outcome.where.items():
        trials = trials[(trials[column] == value).fillna(False).astype(bool)]
    means = trials.groupby("participant")[cast("str", outcome.column)].mean()
    return means.reindex(data.participants["participant"]).astype("float64")
