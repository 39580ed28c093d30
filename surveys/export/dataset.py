"""An exported table with typed cells, from which every format is written."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from analysis.plan.tables import MissingKind
from analysis.study_data.columns import FILES
from surveys.tidy.cells import Cell
from surveys.tidy.columns import Column


class Missing(enum.Enum):
    """Why a cell is empty. The values are the words of the analysis plan."""

    NOT_ASKED = "not_asked"
    DOES_NOT_APPLY = "does_not_apply"
    NOT_ANSWERED = "not_answered"


MISSING_LABELS = {
    Missing.NOT_ASKED: "not asked",
    Missing.DOES_NOT_APPLY: "does not apply",
    Missing.NOT_ANSWERED: "not answered",
}
TableCell = Cell | Missing


@dataclass(frozen=True)
class Variable:
    """A column of an exported table.

    ``type`` is integer, number, text, category or datetime, ``values`` maps codes to their
    meaning, and ``empty`` is the kind of missing of an empty cell.
    """

    name: str
    type: str
    label: str
    minimum: float | None = None
    maximum: float | None = None
    values: Mapping[str, str] | None = None
    empty: Missing = Missing.NOT_ANSWERED


@dataclass(frozen=True)
class Table:
    """A table of the export: a name such as "trials", its variables and its rows."""

    name: str
    variables: tuple[Variable, ...]
    rows: Sequence[Sequence[TableCell]]

    @property
    def file(self) -> str:
        """Return the name of the table's csv file."""
        return f"{self.name}.csv"

    def missing(self, row: Sequence[TableCell], place: int) -> Missing | None:
        """Return why the row's cell is empty, or None if it has a value."""
        value = row[place]
        if isinstance(value, Missing):
            return value
        return self.variables[place].empty if value is None else None


def tidy_table(file: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Table:
    """Return a tidy table as a dataset. ``file`` is the name of its csv file."""
    known = {column.name: column.empty for column in FILES.get(file, ())}
    return Table(
        file.removesuffix(".csv"),
        tuple(
            Variable(
                column.name,
                column.type,
                column.label,
                column.minimum,
                column.maximum,
                column.values,
                _kind(known.get(column.name, "not_answered")),
            )
            for column in columns
        ),
        rows,
    )


def _kind(word: MissingKind) -> Missing:
    return Missing(word)


def plain(value: TableCell) -> Cell:
    """Return the value, or None for any kind of missing."""
    return None if isinstance(value, Missing) else value


def moment(value: TableCell) -> datetime | None:
    """Return the value if it is a time."""
    return value if isinstance(value, datetime) else None
