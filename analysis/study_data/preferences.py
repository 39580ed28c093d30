"""Comparisons of two maps in the trials: which methods stood where, and which was preferred."""

import numpy as np
import pandas as pd

from analysis.plan.plan import Outcome, Plan
from analysis.study_data.codebook_words import codewords
from analysis.study_data.study_data import StudyData

PLACES, CHOICE = "map_methods", "preferred_map"
"""Columns of trials.csv: the two methods joined by a semicolon, and the choice."""
TWO = r"^([^;]+);([^;]+)$"
SHARES = {"1": 1.0, "2": 0.0, "0": 0.5}
"""The first map's share by the value of CHOICE, whose 0 means that neither map was preferred."""


def comparisons(data: StudyData, outcome: Outcome) -> pd.DataFrame:
    """Return the answered comparisons: the columns of the trials, `first`, `second` and `share`.

    `first` and `second` are the methods by their places, and `share` is the first map's: 1, 0, or
    0.5 for neither. Rows that do not match the outcome's `where` are left out.
    """
    trials = data.trials
    for column, value in outcome.where.items():
        trials = trials[(trials[column] == value).fillna(False).astype(bool)]
    # Spreadsheets and other studies store the codes as numbers, such as 1.0.
    shares = trials[CHOICE].astype("string").str.removesuffix(".0").map(SHARES)
    places = trials[PLACES].astype("string").str.extract(TWO)
    first, second = places[0].str.strip(), places[1].str.strip()
    # Two maps of one method, such as with and without a probability, say nothing about methods.
    answered = (first != second).fillna(False).astype(bool) & shares.notna()
    return trials[answered].assign(
        first=first[answered].astype(object),
        second=second[answered].astype(object),
        share=shares[answered].astype("float64"),
    )


def places_recorded(plan: Plan) -> bool:
    """Return whether the data tell which map was in the first place.

    Files of another study with a winner and a loser per row need not tell it.
    """
    tables = () if plan.source is None else plan.source.tables
    return all(table.choice is None or table.choice.first is not None for table in tables)


def first_place_share(data: StudyData, outcome: Outcome) -> pd.Series:
    """Return by participant the mean share of the map in the first place. 0.5 is no preference.

    If the places were not recorded, the first of the two methods by name counts as the first.
    Worths belong to methods and not to participants, so this is the only score of a participant
    that the analysis of preferences has.
    """
    there = comparisons(data, outcome)
    means = there.groupby("participant")["share"].mean()
    return means.reindex(data.participants["participant"]).astype("float64")


def method_labels(data: StudyData, methods: list[str]) -> dict[str, str]:
    """Return the methods' labels from the codebook, or their keys where it has none."""
    book = data.codebook
    rows = book[(book["file"] == "trials.csv") & (book["column"] == "preferred_method")]
    known: dict[str, str] = {}
    for cell in rows["values"].dropna():
        known |= codewords(cell)
    return {method: known.get(method, method) for method in methods}


def won_shares(there: pd.DataFrame, method: str) -> np.ndarray:
    """Return by participant the method's share in its comparisons, a tie as half."""
    first, second = there[there["first"] == method], there[there["second"] == method]
    rows = pd.concat([first.assign(own=first["share"]), second.assign(own=1 - second["share"])])
    return rows.groupby("participant")["own"].mean().to_numpy(dtype=float)
