"""The tables as csv files. Formulas are guarded, and every missing cell is empty."""

from collections.abc import Sequence

from surveys.export.dataset import Table, plain
from surveys.export.formats import Written
from surveys.tidy.cells import csv_text


def write(tables: Sequence[Table]) -> Written:
    """Return a csv file for each table."""
    return Written({table.file: text(table).encode() for table in tables})


def text(table: Table) -> str:
    """Return the text of the table's csv file."""
    header = [variable.name for variable in table.variables]
    return csv_text(header, ([plain(value) for value in row] for row in table.rows))
