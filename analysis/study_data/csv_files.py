"""Conversion of a CSV file to a typed frame, with a report of every cell that does not fit."""

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Sequence, Set
from io import StringIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionArray

from analysis.plan.tables import MISSING_KINDS
from analysis.study_data.columns import Column
from analysis.study_data.formulas import guarded

EXPORT_AGAIN = "Export the study again with manage.py export_study"
BYTE_ORDER_MARK = "\ufeff"
MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
    (codecs.BOM_UTF8, "UTF-8"),
)
SPREADSHEET = b"PK\x03\x04"  # first bytes of xlsx, ods and zip
Texts = npt.NDArray[np.object_]
WHOLE = re.compile(r"[+-]?\d{1,15}(\.0+)?", re.ASCII)
PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
SHOWN = 5  # number of rows or values named in a message before "…"


def read_text(
    path: Path, cure: str = EXPORT_AGAIN, encoding: str = "utf-8", separator: str = ",",
    used: Set[str] | None = None, cell: Callable[[str], str] = str,
) -> tuple[pd.DataFrame | None, list[str]]:  # fmt: skip
    """Return the CSV as text with empty cells as empty strings, and the problems of reading it.

    Only the columns `used`, or all, need names of their own. `cell` is applied to each cell.
    The index plus 2 is the line on which a row begins, also after empty lines and after cells that
    contain line breaks.
    """
    text, problems = _decoded(path, cure, encoding)
    if text is None:
        return None, problems
    table = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    begins: list[int] = []  # line on which each row begins; a cell may contain line breaks
    line = 1
    try:
        for row in table:
            if row:  # an empty line is not a row
                rows.append(row)
                begins.append(line)
            line = table.line_num + 1
    except csv.Error as error:
        said = f"{path.name} cannot be read as a CSV table from line {line} ({error})"
        return None, [f"{said}. Correct the quotation marks of the line, or: {cure}."]
    header, body = rows[0], [[cell(text) for text in row] for row in rows[1:]]
    lines = pd.Index([line - 2 for line in begins[1:]], dtype="int64")
    names = [name for name in header if used is None or name in used]
    problems = _repeated_names(path.name, names, cure)
    problems += _uneven_rows(path.name, header, body, lines, cure)
    if problems:
        return None, problems
    return pd.DataFrame(body, index=lines, columns=header, dtype="str"), []


def _decoded(path: Path, cure: str, encoding: str) -> tuple[str | None, list[str]]:
    """Return the text of the file without its byte order mark."""
    name = encoding.upper().removesuffix("-SIG")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        missing = f"{path.name} is missing from the folder {path.parent.name!r}"
        return None, [f"{missing}. {cure}."]
    except OSError as error:  # a folder, or a file that may not be read
        return None, [f"{path.name} cannot be read as a file ({error.strerror}). {cure}."]
    if raw.startswith(SPREADSHEET):
        said = "is a spreadsheet or an archive, not a CSV table. Save it as CSV"
        return None, [f"{path.name} {said}. Or: {cure}."]
    try:
        text = raw.decode(encoding)
    except (UnicodeError, LookupError) as error:
        said = f"{path.name} cannot be read as a CSV table in {name} ({error}){_mark(raw)}"
        return None, [f"{said}. {cure}."]
    text = text.removeprefix(BYTE_ORDER_MARK)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        said = f"{path.name}, line {line}: contains a NUL character, which no text has{_mark(raw)}"
        return None, [f"{said}. Remove it, or: {cure}."]
    if not text.strip():
        return None, [f"{path.name} is empty. {cure}."]
    return text, []


def _mark(raw: bytes) -> str:
    """Return which encoding the byte order mark of the file states, if it has one."""
    named = (encoding for mark, encoding in MARKS if raw.startswith(mark))
    stated = next(named, "")
    return f", and its first bytes are those of {stated}" if stated else ""


def _repeated_names(name: str, header: Sequence[str], cure: str) -> list[str]:
    # Other programs leave the heading of row names empty, so empty headings may be repeated.
    repeated = [heading for heading in header if heading.strip() and header.count(heading) > 1]
    if not repeated:
        return []
    return [
        f"{name} has more than one column {values_text(repeated)}. Rename the columns in the "
        f"file, or: {cure}."
    ]


def _uneven_rows(
    name: str, header: Sequence[str], body: Sequence[Sequence[str]], lines: pd.Index, cure: str
) -> list[str]:
    counts = pd.Series(list(map(len, body)), index=lines, dtype="int64")
    uneven = counts != len(header)
    if not uneven.any():
        return []
    return [
        f"{name}, {rows_text(uneven)}: the number of cells is {_numbers(counts[uneven])}, but the "
        f"first line has {len(header)}. Complete the rows, put quotation marks around cells that "
        f"contain the separator, or: {cure}."
    ]


def _numbers(counts: pd.Series) -> str:
    distinct = sorted({int(count) for count in counts})
    return ", ".join(map(str, distinct[:SHOWN])) + (", …" if len(distinct) > SHOWN else "")


def missing_columns(name: str, frame: pd.DataFrame, columns: Iterable[Column]) -> list[str]:
    """Return a sentence if columns are missing."""
    missing = [
        column.name for column in columns if column.name not in frame.columns and not column.late
    ]
    return [f"{name} lacks the columns {values_text(missing)}. {EXPORT_AGAIN}."] if missing else []


def with_late_columns(frame: pd.DataFrame, columns: Iterable[Column]) -> pd.DataFrame:
    """Return the text frame with the late columns that it lacks, as empty columns."""
    absent = [column.name for column in columns if column.late and column.name not in frame]
    return frame.assign(**dict.fromkeys(absent, ""))


def convert(
    name: str, frame: pd.DataFrame, columns: Iterable[Column]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the frame with each column in its type.

    Problems name column, rows and cure. integer becomes Int64, number Float64, datetime UTC
    timestamps, everything else text; empty cells are missing.
    """
    problems: list[str] = []
    converted = dict(frame.items())
    for column in columns:
        converted[column.name], new_problems = convert_column(name, frame[column.name], column)
        problems += new_problems
    return pd.DataFrame(converted, index=frame.index, copy=False), problems


def kinds_of_missing(frame: pd.DataFrame, columns: Iterable[Column]) -> pd.DataFrame:
    """Return the kind of missing per optional column of the text frame, None in filled cells."""
    kinds = {}
    for column in columns:
        if not column.optional or column.name not in frame:
            continue
        places, texts = _distinct(frame[column.name])
        of_texts: dict[str, str] = {"": column.empty, **{kind: kind for kind in MISSING_KINDS}}
        of_cells = np.array([of_texts.get(text) for text in texts], dtype="object")[places]
        kinds[column.name] = pd.Series(of_cells, index=frame.index, dtype="object")
    return pd.DataFrame(kinds, index=frame.index)


def _distinct(cells: pd.Series) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Return the distinct texts of the cells without outer blanks, and the place of each cell's.

    A table repeats most of its cells, so that it is faster to look at each distinct text.
    """
    places, texts = pd.factorize(cells)
    return places, [text.strip() for text in texts]


QUOTED_RETURN = "\n\ue000"
"""Stands for a carriage return while pandas writes: it quotes a line feed, but no lone carriage
return, which readers then take for the end of the row. The second character is for private use."""


def guarded_csv(frame: pd.DataFrame) -> str:
    """Return the frame as CSV, in which no text runs as a formula in a spreadsheet."""
    texts = frame.select_dtypes(["object", "string", "category"]).columns
    safe = {name: frame[name].astype("object").map(_guarded) for name in texts}
    text = str(frame.assign(**safe).to_csv(index=False, lineterminator="\n"))
    return text.replace(QUOTED_RETURN, "\r")


def _guarded(value: object) -> object:
    return guarded(value).replace("\r", QUOTED_RETURN) if isinstance(value, str) else value


def rows_text(mask: "pd.Series[bool]") -> str:
    """Return the file's lines where the mask is True: 'line 2' or 'lines 2, 5, 9, …'."""
    lines = [str(int(row) + 2) for row in mask.index[mask]]  # line 1 is the header
    shown = ", ".join(lines[:SHOWN]) + (f", … ({len(lines)} in all)" if len(lines) > SHOWN else "")
    return f"line {shown}" if len(lines) == 1 else f"lines {shown}"


def values_text(values: Iterable[object]) -> str:
    """Return the distinct values as "'a', 'b', …"."""
    distinct = list(dict.fromkeys(repr(str(value)) for value in values))
    return ", ".join(distinct[:SHOWN]) + (", …" if len(distinct) > SHOWN else "")


def convert_column(
    name: str, cells: pd.Series, column: Column, cure: str = ""
) -> tuple[pd.Series, list[str]]:
    """Return the cells in the column's type, and one sentence per violated rule."""
    places, stripped = _distinct(cells)
    texts = np.array(["" if text in MISSING_KINDS else text for text in stripped], dtype="object")
    values = _typed(texts, column.type)
    empty, known = texts == "", ~np.asarray(values.isna(), dtype=bool)
    # Each cell is reported under one rule only: an empty cell is neither mistyped nor out of range.
    checks = (
        (~empty & ~known, f"must be {_article(column.type)}"),
        (empty & (not column.optional), "must not be empty"),
        (~empty & known & _outside(values, column), _allowed(column)),
    )
    problems = [
        f"{name}, column {column.name}, {rows_text(pd.Series(bad[places], index=cells.index))}: "
        f"{values_text(texts[places[bad[places]]])} {rule}. "
        f"Correct the cell, or: {cure or EXPORT_AGAIN.lower()}."
        for bad, rule in checks
        if bad.any()
    ]
    return pd.Series(values.take(places), index=cells.index, name=cells.name), problems


def _typed(texts: Texts, kind: str) -> ExtensionArray:
    """Return the texts as values of the kind, missing where they are empty or of another kind."""
    # Arrays, because a Series costs several times as much, and a study has some fifty columns.
    if kind == "integer":
        return pd.array(_numbers_in(texts, WHOLE), dtype="Int64")
    if kind == "number":
        numbers = _numbers_in(texts, PLAIN)
        finite = [number if abs(number) < float("inf") else np.nan for number in numbers]
        return pd.array(finite, dtype="Float64")  # 1e999 is infinite
    given = [text or None for text in texts]
    if kind == "datetime":
        times = pd.to_datetime(
            pd.Series(given, dtype="str"), errors="coerce", utc=True, format="ISO8601"
        )
        return times.array
    return pd.array(given, dtype="str")


def _numbers_in(texts: Texts, pattern: re.Pattern[str]) -> list[float]:
    plain = np.array([text if pattern.fullmatch(text) else None for text in texts], dtype="object")
    return [float(number) for number in pd.to_numeric(plain, errors="coerce")]


def _outside(values: ExtensionArray, column: Column) -> "npt.NDArray[np.bool_]":
    outside = np.zeros(len(values), dtype=bool)
    if column.type in ("integer", "number"):
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        if column.minimum is not None:
            outside |= numbers < column.minimum
        if column.maximum is not None:
            outside |= numbers > column.maximum
    if column.values:
        outside |= np.array([str(value) not in column.values for value in values], dtype=bool)
    return outside


def _allowed(column: Column) -> str:
    if column.values:
        return f"must be one of {', '.join(column.values)}"
    least = "" if column.minimum is None else f"at least {column.minimum:g}"
    most = "" if column.maximum is None else f"at most {column.maximum:g}"
    return f"must be {' and '.join(bound for bound in (least, most) if bound)}"


def _article(kind: str) -> str:
    names = {"integer": "a whole number", "number": "a number", "datetime": "an ISO date and time"}
    return names.get(kind, "text")
