"""The tables as files of SPSS and Stata, with labels of variables, of values and of missing.

The kinds of missing are user-missing values in SPSS (-997, -998 and -999, or longer numbers where
the data come near them) and .a, .b and .c in Stata. A category with labelled codes is a labelled
number: its code, or its place among the codes if they are words. A text stays a text.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from surveys.export.dataset import MISSING_LABELS, Missing, Table, TableCell, Variable, plain
from surveys.export.formats import Written
from surveys.export.wide import accepted_names

LEFT_OUT = ("ledger", "codebook", "page_events")
"""Tables that no statistics program needs. Their other formats have them."""
LONGEST_SPSS_TEXT = 32_767  # bytes
LONGEST_VALUE_LABEL = 120  # bytes, in SPSS
LETTERS = {Missing.NOT_ASKED: "a", Missing.DOES_NOT_APPLY: "b", Missing.NOT_ANSWERED: "c"}
NUMBERS = {Missing.NOT_ASKED: 3, Missing.DOES_NOT_APPLY: 2, Missing.NOT_ANSWERED: 1}


@dataclass
class Columns:
    """The columns of a data frame with the arguments of pyreadstat's writers, by column."""

    data: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[Any, str]] = field(default_factory=dict)
    missing: dict[str, list[Any]] = field(default_factory=dict)
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)


Codes = Mapping[Missing, Any]


def write_sav(tables: Sequence[Table]) -> Written:
    """Return an SPSS file for each table."""

    def save(columns: Columns, path: Path, label: str) -> None:
        pyreadstat.write_sav(
            pd.DataFrame(columns.data),
            path,
            file_label=label,
            column_labels={name: _cut(text, 255) for name, text in columns.labels.items()},
            variable_value_labels=columns.values,
            missing_ranges=columns.missing,
        )

    return _written(tables, "sav", _spss_codes, LONGEST_SPSS_TEXT, save)


def write_dta(tables: Sequence[Table]) -> Written:
    """Return a Stata file for each table."""

    def save(columns: Columns, path: Path, label: str) -> None:
        pyreadstat.write_dta(
            pd.DataFrame(columns.data),
            path,
            file_label=label,
            column_labels={name: _cut(text, 80) for name, text in columns.labels.items()},
            variable_value_labels=columns.values,
            missing_user_values=columns.missing,
        )

    return _written(tables, "dta", lambda numbers: LETTERS, None, save)


def _written(
    tables: Sequence[Table],
    ending: str,
    codes_of: Callable[[Sequence[float]], Codes],
    longest: int | None,
    save: Callable[[Columns, Path, str], None],
) -> Written:
    files, notes = {}, []
    with tempfile.TemporaryDirectory() as folder:
        for table in tables:
            if table.name in LEFT_OUT or not table.rows:
                continue  # neither format can have a table without rows
            columns = _columns(table, codes_of, longest)
            path = Path(folder) / f"table.{ending}"
            save(columns, path, table.name)
            name = f"{ending}/{table.name}.{ending}"
            files[name] = path.read_bytes()
            notes += [
                f"{name}, column {column}: {count} {why}."
                for (column, why), count in columns.changed.items()
            ]
    return Written(files, notes)


def _columns(
    table: Table, codes_of: Callable[[Sequence[float]], Codes], longest: int | None
) -> Columns:
    columns = Columns()
    names = accepted_names([variable.name for variable in table.variables])
    for place, (variable, name) in enumerate(zip(table.variables, names, strict=True)):
        cells = [row[place] for row in table.rows]
        kinds = [table.missing(row, place) for row in table.rows]
        columns.labels[name] = variable.label
        if variable.type == "datetime":
            # Both programs have no time zone: all times are UTC, as the labels say.
            columns.data[name] = pd.to_datetime(pd.Series([_naive(cell) for cell in cells]))
        elif variable.type != "text" and (variable.type != "category" or variable.values):
            # A text is never a number with labels, even if some of its values are declared: answers
            # would become places among all answers, and long ones would be cut to a label.
            _add_numbers(columns, name, variable, cells, kinds, codes_of)
        else:
            columns.data[name] = [_text(plain(cell), name, columns, longest) for cell in cells]
    return columns


def _add_numbers(
    columns: Columns,
    name: str,
    variable: Variable,
    cells: Sequence[TableCell],
    kinds: Sequence[Missing | None],
    codes_of: Callable[[Sequence[float]], Codes],
) -> None:
    numbers, labels = _numbered(variable, [plain(cell) for cell in cells])
    codes = codes_of([number for number in numbers if number is not None])
    used = [kind for kind in LETTERS if kind in kinds]
    values = [
        codes[kind] if kind is not None else number
        for number, kind in zip(numbers, kinds, strict=True)
    ]
    has_letters = any(isinstance(value, str) for value in values)
    columns.data[name] = pd.Series(values, dtype="object" if has_letters else "float64")
    labels |= {codes[kind]: MISSING_LABELS[kind] for kind in used}
    if labels:
        columns.values[name] = labels
    if used:
        columns.missing[name] = [codes[kind] for kind in used]


def _numbered(
    variable: Variable, cells: Sequence[Any]
) -> tuple[list[float | None], dict[Any, str]]:
    """Return the cells as numbers, and the label by number."""
    declared = dict(variable.values or {})
    if variable.type in ("integer", "number"):
        numeric: dict[Any, str] = {
            float(code): _cut(label, LONGEST_VALUE_LABEL)
            for code, label in declared.items()
            if re.fullmatch(r"-?\d+(\.\d+)?", code)
        }
        return [None if cell is None else float(cell) for cell in cells], numeric
    # Words become 1, 2, …; a value without a declared meaning gets the next numbers.
    known = list(dict.fromkeys([*declared, *sorted({str(c) for c in cells if c is not None})]))
    if all(re.fullmatch(r"-?\d{1,9}", code) for code in known):
        places = {code: float(code) for code in known}
    else:
        places = {code: float(number) for number, code in enumerate(known, 1)}
    words = {code: f"{code}: {declared[code]}" if declared.get(code) else code for code in known}
    labels = {place: _cut(words[code], LONGEST_VALUE_LABEL) for code, place in places.items()}
    return [None if cell is None else places[str(cell)] for cell in cells], labels


def _spss_codes(numbers: Sequence[float]) -> Codes:
    """Return -997, -998 and -999, or the same with more nines if the data come near them."""
    lowest = min(numbers, default=0)
    digits = 3
    while lowest <= 4 - 10**digits + 1:
        digits += 1
    return {kind: float(place - 10**digits) for kind, place in NUMBERS.items()}


def _naive(value: TableCell) -> datetime | None:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else None


def _text(value: Any, name: str, columns: Columns, longest: int | None) -> str:
    text = "" if value is None else str(value)
    if "\0" in text:
        columns.changed[name, "with NUL, which is shown as ␀"] += 1
        text = text.replace("\0", "␀")
    if longest is not None and len(text.encode()) > longest:
        columns.changed[name, f"cut to {longest:,} bytes, SPSS's limit"] += 1
        text = _cut(text, longest)
    return text


def _cut(text: str, most: int) -> str:
    """Return the text, shortened to a number of bytes in UTF-8."""
    return text.encode()[:most].decode(errors="ignore")
