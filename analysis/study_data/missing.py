"""Three kinds of missing values: not asked, does not apply, not answered.

A question that an arm never saw differs from a question left open, and neither is a zero.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.plan.tables import MISSING_KINDS
from analysis.study_data.study_data import StudyData
from analysis.study_data.times import AT, pages_asked, pages_of

Kinds = npt.NDArray[np.object_]


@dataclass(frozen=True)
class MissingRow:
    """Cells of a trial column, or of an item, in an arm: present, and missing by kind.

    An item has one cell per participant of the arm, a column one per trial. The name of an item
    that was asked more than once ends in @ and the page.
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
    filled = [str(name) for name in kinds.columns if data.trials[name].notna().any()]
    cells = {name: kinds[name].to_numpy(dtype="object") for name in filled}
    rows = []
    for arm in data.plan.arms:
        arm_rows = (data.trials["arm"] == arm).to_numpy()
        rows += [_row("trials.csv", name, arm, cells[name][arm_rows]) for name in filled]
    return rows


def _items(data: StudyData) -> list[MissingRow]:
    """Return the items, once per time if a participant was asked more than once.

    An item without any row in an arm was not asked there.
    """
    kinds = data.missing["answers.csv"]["value"]
    answers = data.answers.assign(kind=kinds.to_numpy(), page=pages_of(data.answers))
    people = data.participants["arm"].value_counts()
    rows = []
    # An item is known to an arm only by its answers: the codebook does not list arms.
    for item, asked in answers.groupby("item", sort=False):
        for page in pages_asked(asked):
            at_time = asked[asked["page"] == page] if page else asked
            name = f"{item}{AT}{page}" if page else str(item)
            arms, cells = at_time["arm"].to_numpy(), at_time["kind"].to_numpy()
            rows += [
                _item_row(name, arm, cells[arms == arm], int(people.get(arm, 0)))
                for arm in data.plan.arms
            ]
    return rows


def _item_row(name: str, arm: str, kinds: Kinds, total: int) -> MissingRow:
    if not len(kinds):
        return MissingRow("answers.csv", name, arm, 0, total, 0, 0)
    row = _row("answers.csv", name, arm, kinds)
    return replace(row, not_answered=row.not_answered + total - len(kinds))


def _row(table: str, name: str, arm: str, kinds: Kinds) -> MissingRow:
    totals = [int((kinds == kind).sum()) for kind in MISSING_KINDS]
    return MissingRow(table, name, arm, len(kinds) - sum(totals), *totals)
