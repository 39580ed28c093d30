"""Conversion of values to the cells of a csv file."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from analysis.study_data.csv_lines import csv_lines
from analysis.study_data.formulas import guarded

Cell = str | int | float | bool | datetime | None


def cell(value: Cell) -> str:
    """Return the value as text: empty for None, 0 or 1 for booleans, ISO 8601 in UTC for times.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, but a number does
    not.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(value, str):
        return guarded(value)
    return repr(value)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return the text of a csv file, with a line feed at the end of each row."""
    return csv_lines([header, *([cell(value) for value in row] for row in rows)])
