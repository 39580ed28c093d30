"""Three kinds of missing, kept apart: not asked, does not apply, not answered.

A question that an arm never saw is not a question left open, and neither is a zero.
"""

from dataclasses import dataclass

import pandas as pd

from analysis.plan.tables import MISSING_KINDS
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class MissingRow:
    """Cells of a trial column, or of an item, in one arm: present, and missing by kind.

    For an item the cells are one per participant of the arm; for a column one per trial.
    """

    table: str
    name: str
    arm: str
    present: int
    not_asked: int
    does_not_apply: int
    not_answered: int


def missing_by_arm(data: StudyData) -> tuple[MissingRow, ...]:
    """Every trial column and item of the study in which anything is missing, by arm."""
    rows = [*_columns(data), *_items(data)]
    lacking = {
        (row.table, row.name)
        for row in rows
        if row.not_asked or row.does_not_apply or row.not_answered
    }
    return tuple(row for row in rows if (row.table, row.name) in lacking)


def _columns(data: StudyData) -> list[MissingRow]:
    """Trial columns that may be empty; what an empty cell means, the schema says."""
    kinds = data.missing["trials.csv"]
    rows = []
    for arm in data.plan.arms:
        own = (data.trials["arm"] == arm).to_numpy()
        for name in map(str, kinds.columns):
            if data.trials[name].notna().any():
                found = kinds[name][own]
                rows.append(_row("trials.csv", name, arm, found, int(own.sum())))
    return rows


def _items(data: StudyData) -> list[MissingRow]:
    """An item without any row in an arm was not asked there; else no row is no answer."""
    kinds = data.missing["answers.csv"]["value"]
    answers = data.answers[["participant", "arm", "item"]].assign(kind=kinds.to_numpy())
    people = data.participants["arm"].value_counts()
    by_pair = dict(tuple(answers.groupby(["item", "arm"], sort=False)))
    asked = dict.fromkeys(data.answers["item"])
    rows = []
    for item in asked:
        for arm in data.plan.arms:
            total = int(people.get(arm, 0))
            own = by_pair.get((item, arm))
            if own is None:
                rows.append(MissingRow("answers.csv", str(item), arm, 0, total, 0, 0))
                continue
            row = _row("answers.csv", str(item), arm, own["kind"], len(own))
            absent = total - len(own)
            rows.append(
                MissingRow(
                    row.table, row.name, arm, row.present, row.not_asked, row.does_not_apply,
                    row.not_answered + absent,
                )
            )  # fmt: skip
    return rows


def _row(table: str, name: str, arm: str, kinds: pd.Series, total: int) -> MissingRow:
    counts = kinds.value_counts()
    found = [int(counts.get(kind, 0)) for kind in MISSING_KINDS]
    return MissingRow(table, name, arm, total - sum(found), *found)
