"""Lowest and highest score that an outcome can have, as far as the data's description tells."""

import pandas as pd

from analysis.plan.catalogues.behaviour_measures import MEASURES
from analysis.plan.plan import Outcome, analysis_of
from analysis.study_data.logarithms import transformed
from analysis.study_data.study_data import StudyData

Range = tuple[float | None, float | None]
UNKNOWN: Range = (None, None)
SHARES = {measure.key for measure in MEASURES if measure.unit == "share"}


def score_range(data: StudyData, outcome: Outcome) -> Range:
    """Return the ends of the scale on which the outcome's scores lie, None where unknown."""
    low, high = _range(data, outcome)
    if not outcome.before or analysis_of(outcome).before != "change":
        return low, high
    return UNKNOWN if low is None or high is None else (low - high, high - low)


def _range(data: StudyData, outcome: Outcome) -> Range:
    book = data.codebook
    if outcome.kind == "behaviour":
        return (0.0, 1.0) if outcome.measure in SHARES else UNKNOWN
    if outcome.kind == "preference":
        return 0.0, 1.0
    if outcome.kind == "trial_mean":
        return _of_column(data, outcome)
    if outcome.kind == "scale":
        rows = book[book["scale"] == outcome.scale]
        # A sum over the items has the items' ends that many times.
        return _ends(rows, len(rows) if (rows["score"] == "sum").all() else 1)
    return _ends(book[book["item"] == outcome.item])


def _of_column(data: StudyData, outcome: Outcome) -> Range:
    values = data.trials[outcome.column].dropna()
    book = data.codebook
    low, high = _ends(book[(book["file"] == "trials.csv") & (book["column"] == outcome.column)])
    # Yes or no needs no description: a mean of zeros and ones is a share.
    if low is None and high is None and set(values.unique()) == {0, 1}:
        low, high = 0.0, 1.0
    return _moved(low, outcome), _moved(high, outcome)


def _moved(end: float | None, outcome: Outcome) -> float | None:
    """Return an end of the range on the scale of the scores, None if it has no logarithm."""
    values = transformed(pd.Series([end], dtype="float64"), outcome.transform)
    return None if values.isna().any() else float(values.iloc[0])


def _ends(rows: pd.DataFrame, times: int = 1) -> Range:
    low, high = rows["minimum"].min(), rows["maximum"].max()
    return (
        None if pd.isna(low) else float(low) * times,
        None if pd.isna(high) else float(high) * times,
    )
