"""Values of participants before the experiment: columns of participants.csv, items and scales."""

from dataclasses import replace

import pandas as pd

from analysis.plan.plan import Outcome
from analysis.study_data.codebook_words import codewords
from analysis.study_data.scoring import questionnaire_score
from analysis.study_data.study_data import StudyData
from analysis.study_data.times import asked_at, split_time

NUMERIC = ("integer", "number")
MOST_LEVELS = 12  # further levels of a text are combined
REST = "other answers"


def covariate_values(data: StudyData, name: str) -> tuple[str, pd.Series]:
    """Return the covariate's label, and its value per row of participants.csv as float or text.

    `name` is a column of participants.csv, or an item or scale, followed by @ and the part or page
    if it was asked more than once.
    """
    key, time = split_time(name)
    book, when = data.codebook, f" in “{time}”" if time else ""
    if (book["scale"] == key).any():
        there = replace(data, answers=asked_at(data.answers, time))
        score = questionnaire_score(there, Outcome(key, key, "scale", scale=key))
        return f"Scale “{key}”, score{when}", _in_rows(score)
    items = book[book["item"] == key]
    if len(items):
        row = items.iloc[0]
        label = (str(row["label"]) if pd.notna(row["label"]) else key) + when
        if row["type"] in NUMERIC:
            return label, _in_rows(pd.to_numeric(_answers(data, key, time)))
        return label, _texts(_answers(data, key, time), row["values"])
    # Neither a scale nor an item, so the plan names a column of participants.csv itself.
    rows = book[(book["file"] == "participants.csv") & (book["column"] == key)]
    label = str(rows["label"].iloc[0]) if len(rows) and rows["label"].notna().any() else key
    values = data.participants[key]
    if pd.api.types.is_numeric_dtype(values):
        return label, _in_rows(values)
    return label, _texts(values, rows["values"].iloc[0] if len(rows) else pd.NA)


def _in_rows(values: pd.Series) -> pd.Series:
    return values.astype("float64").reset_index(drop=True)


def _answers(data: StudyData, item: str, time: str) -> pd.Series:
    answers = asked_at(data.answers, time)
    answers = answers[answers["item"] == item].drop_duplicates("participant")
    return answers.set_index("participant")["value"].reindex(data.participants["participant"])


def _texts(values: pd.Series, coded: object) -> pd.Series:
    """Return texts with codes replaced by the codebook's words.

    Rare levels are combined.
    """
    texts = values.astype("object").where(values.notna(), None).reset_index(drop=True)
    words = codewords(coded)
    texts = texts.map(lambda text: None if text is None else words.get(str(text), str(text)))
    counts = texts.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    kept = set(counts.index if len(counts) <= MOST_LEVELS else counts.index[: MOST_LEVELS - 1])
    return texts.map(lambda text: text if text is None or text in kept else REST)
