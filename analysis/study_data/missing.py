"""Three kinds of missing values: not asked, does not apply, not answered.

A question that an arm never saw differs from a question left open, and neither is a zero.
"""

from dataclasses import dataclass

import pandas as pd

from analysis.plan.tables import MISSING_KINDS
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class MissingRow:
    """Cells of a trial column, or of an item, in an arm: present, and missing by kind.

    An item has one cell per participant of the arm, a column one per trial.
    """

    table: str
    name: str
    arm: str
    present: int
    not_asked: int
    does_not_apply: int
    not_answered: int


def missing_by_arm(data: StudyData) -> tuple[MissingRow, ...]:
    """Return every trial column and item of the study with missing cells, by arm."""
    rows = [*_columns(data), *_items(data)]
    lacking = {
        (row.table, row.name)
        for row in rows
        if row.not_asked or row.does_not_apply or row.not_answered
    }
    return tuple(row for row in rows if (row.table, row.name) in lacking)


def _columns(data: StudyData) -> list[MissingRow]:
    """Return the trial columns that may be empty.

    The schema defines the kind of an empty cell.
    """
    kinds = data.missing["trials.csv"]
    rows = []
    for arm in data.plan.arms:
        arm_rows = (data.trials["arm"] == arm).to_numpy()
        for name in map(str, kinds.columns):
            if data.trials[name].notna().any():
                cells = kinds[name][arm_rows]
                rows.append(_row("trials.csv", name, arm, cells, int(arm_rows.sum())))
    return rows


def _items(data: StudyData) -> list[MissingRow]:
    """Return the items.

    An item without any row in an arm was not asked there.
    """
    kinds = data.missing["answers.csv"]["value"]
    answers = data.answers[["participant", "arm", "item"]].assign(kind=kinds.to_numpy())
    people = data.participants["arm"].value_counts()
    by_pair = dict(tuple(answers.groupby(["item", "arm"], sort=False)))
    # An item is known to an arm only by its answers: the codebook does not list arms.
    asked = dict.fromkeys(data.answers["item"])
    rows = []
    for item in asked:
        for arm in data.plan.arms:
            total = int(people.get(arm, 0))
            arm_rows = by_pair.get((item, arm))
            if arm_rows is None:
                rows.append(MissingRow("answers.csv", str(item), arm, 0, total, 0, 0))
                continue
            row = _row("answers.csv", str(item), arm, arm_rows["kind"], len(arm_rows))
            absent = total - len(arm_rows)
            rows.append(
                MissingRow(
                    row.table, row.name, arm, row.present, row.not_asked, row.does_not_apply,
                    row.not_answered + absent,
                )
            )  # fmt: skip
    return rows


def _row(table: str, name: str, arm: str, kinds: pd.Series, total: int) -> MissingRow:
    counts = kinds.value_counts()
    totals = [int(counts.get(kind, 0)) for kind in MISSING_KINDS]
    return MissingRow(table, name, arm, total - sum(totals), *totals)
