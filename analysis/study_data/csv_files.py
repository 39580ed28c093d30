"""Conversion of a CSV file to a typed frame, with a report of every cell that does not fit."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from analysis.plan.tables import MISSING_KINDS
from analysis.study_data.columns import Column

EXPORT_AGAIN = "Export the study again with manage.py export_study"
SHOWN = 5  # number of rows or values named in a message before "…"


def read_text(
    path: Path, cure: str = EXPORT_AGAIN, encoding: str = "utf-8", separator: str = ","
) -> tuple[pd.DataFrame | None, list[str]]:
    """Return the CSV as text with empty cells as empty strings, and the problems of reading it."""
    try:
        frame = pd.read_csv(
            path, dtype="str", keep_default_na=False, encoding=encoding, sep=separator
        )
    except FileNotFoundError:
        missing = f"{path.name} is missing from the folder {path.parent.name!r}"
        return None, [f"{missing}. {cure}."]
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError) as error:
        name = encoding.upper().removesuffix("-SIG")
        return None, [f"{path.name} cannot be read as a CSV table in {name} ({error}). {cure}."]
    return frame, []


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
    converted = frame.copy()
    for column in columns:
        converted[column.name], new_problems = convert_column(name, frame[column.name], column)
        problems += new_problems
    return converted, problems


def kinds_of_missing(frame: pd.DataFrame, columns: Iterable[Column]) -> pd.DataFrame:
    """Return the kind of missing per optional column of the text frame, None in filled cells."""
    kinds = {}
    for column in columns:
        if not column.optional or column.name not in frame:
            continue
        cells = frame[column.name].str.strip()
        cell_kinds = cells.where(cells.isin(MISSING_KINDS)).astype("object")
        kinds[column.name] = cell_kinds.mask(cells == "", column.empty).where(
            (cells == "") | cells.isin(MISSING_KINDS), None
        )
    return pd.DataFrame(kinds, index=frame.index)


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
    cells = cells.str.strip()
    cells = cells.mask(cells.isin(MISSING_KINDS), "")
    empty = cells == ""
    values = _typed(cells, column.type)
    # Each cell is reported under one rule only: an empty cell is neither mistyped nor out of range.
    checks: Sequence[tuple[pd.Series, str]] = (
        (~empty & values.isna(), f"must be {_article(column.type)}"),
        (empty if not column.optional else empty & False, "must not be empty"),
        (~empty & values.notna() & _outside(values, cells, column), _allowed(column)),
    )
    problems = [
        f"{name}, column {column.name}, {rows_text(bad)}: {values_text(cells[bad])} {rule}. "
        f"Correct the cell, or: {cure or EXPORT_AGAIN.lower()}."
        for bad, rule in checks
        if bad.any()
    ]
    return values, problems


def _typed(cells: pd.Series, kind: str) -> pd.Series:
    if kind == "integer":
        whole = cells.where(cells.str.fullmatch(r"[+-]?\d{1,15}(\.0+)?"))
        return pd.to_numeric(whole, errors="coerce").astype("Int64")
    if kind == "number":
        plain = cells.where(cells.str.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"))
        numbers = pd.to_numeric(plain, errors="coerce").astype("float64")
        return numbers.where(numbers.abs() < float("inf")).astype("Float64")  # 1e999 is infinite
    if kind == "datetime":
        return pd.to_datetime(cells.where(cells != ""), errors="coerce", utc=True, format="ISO8601")
    return cells.where(cells != "")


def _outside(values: pd.Series, cells: pd.Series, column: Column) -> pd.Series:
    outside = pd.Series(False, index=values.index)
    if column.type in ("integer", "number"):
        if column.minimum is not None:
            outside |= (values < column.minimum).fillna(False).astype(bool)
        if column.maximum is not None:
            outside |= (values > column.maximum).fillna(False).astype(bool)
    if column.values:
        outside |= ~values.astype("str").isin(column.values)
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
