"""JSON inside the cells of a file, with a column for each value in it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

import pandas as pd

from analysis.plan.tables import SourceTable
from analysis.study_data.csv_files import rows_text, values_text

CURE = "Correct the cell, or take the column out of json in the plan's [source]"


class _NotJsonError(ValueError):
    """Text that is not JSON, or that names a value twice."""


def with_json_columns(raw: pd.DataFrame, table: SourceTable) -> tuple[pd.DataFrame, list[str]]:
    """Return the file's rows with a column per value in the JSON of `table.json`, and problems.

    A column is named by its path: "response.Q0" is the value of "Q0" in the cell of "response", and
    "answers.1" is the first element of a list. A cell that is a single value fills the column
    itself. Values that a row lacks, and null, are empty; true is 1 and false is 0. Numbers stay as
    they are written.
    """
    columns: dict[str, pd.Series] = {}
    problems = []
    for name in table.json:
        if name not in raw:  # reported with the other columns that the file lacks
            continue
        values, bad = _values(raw[name])
        if bad.any():
            problems.append(
                f"{table.file}, column {name}, {rows_text(bad)}: {values_text(raw.loc[bad, name])} "
                f"is not JSON with each name once. {CURE}."
            )
            continue
        paths = dict.fromkeys(path for row in values for path in row)
        for path in paths:
            cells = [row.get(path, "") for row in values]
            columns[f"{name}.{path}" if path else name] = pd.Series(
                cells, index=raw.index, dtype="str"
            )
    clashing = [path for path in columns if path in raw and path not in table.json]
    if clashing:
        problems.append(
            f"{table.file} has the column {values_text(clashing)}, and the JSON of "
            f"{values_text(table.json)} has a value of this name. Rename the column in the file."
        )
    if problems:
        return raw, problems
    return raw.drop(columns=[name for name in table.json if name in raw]).join(
        pd.DataFrame(columns, index=raw.index)
    ), []


def _values(cells: pd.Series) -> tuple[list[Mapping[str, str]], "pd.Series[bool]"]:
    """Return the values of each cell by path, and which cells are not JSON."""
    # A table repeats many of its cells, so each distinct text is read once.
    read = {text: _read(text) for text in cells.unique()}
    rows = [read[text] for text in cells]
    bad = pd.Series([row is None for row in rows], index=cells.index, dtype=bool)
    return [row or {} for row in rows], bad


def _read(text: str) -> Mapping[str, str] | None:
    if not text.strip():
        return {}
    try:
        # Numbers are kept as text, so that none is rounded on its way to the table.
        value = json.loads(
            text, parse_int=str, parse_float=str, parse_constant=_refuse,
            object_pairs_hook=_object,
        )  # fmt: skip
        return dict(_flat(value, ""))
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise _NotJsonError(constant)  # NaN and Infinity are no JSON, but Python would read them


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise _NotJsonError("a name twice")
    return values


def _flat(value: object, path: str) -> Iterable[tuple[str, str]]:
    """Yield the path and the text of each value; elements of a list count from 1."""
    parts: Iterable[tuple[object, object]]
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value, 1)
    else:
        yield path, _text(value)
        return
    for name, part in parts:
        yield from _flat(part, f"{path}.{name}" if path else str(name))


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)
