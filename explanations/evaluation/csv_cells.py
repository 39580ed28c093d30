"""The text of a csv file of an evaluation. No text in it runs as a formula in a spreadsheet.

Names of classes, groups and methods come from image sets and packages of others. The rules are
those of analysis.study_data.formulas and csv_lines, which this package does not import;
tests/test_csv_files.py compares them.
"""

import re
from collections.abc import Iterable, Sequence

FORMULA = re.compile(
    r"'*(?:[\s\0\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n\0])", re.DOTALL
)


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Return the rows as csv. Numbers stay numbers, also below 0."""
    return "".join(f"{','.join(map(_cell, row))}\n" for row in rows)


def guarded(text: str) -> str:
    """Return the text with an apostrophe in front if a spreadsheet could run it as a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def _cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = guarded(value)
    # Readers take a lone carriage return that is not quoted for the end of the row.
    if not any(character in text for character in ',"\r\n'):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
