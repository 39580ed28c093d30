"""Conversion of values to the cells of a csv file."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

Cell = str | int | float | bool | datetime | None
# What a spreadsheet takes for a formula, even after white space; includes full-width signs.
_FORMULA = re.compile(r"[\s\0\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n\0]")


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
        return f"'{value}" if _FORMULA.match(value) else value
    return repr(value)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return the text of a csv file, with a line feed at the end of each row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()
