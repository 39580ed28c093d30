"""A CSV file of another study under this platform's column names, with problems in its own."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis.plan.tables import Source, SourceTable
from analysis.study_data.columns import FILES, Column
from analysis.study_data.csv_files import convert_column, read_text, rows_text, values_text
from analysis.toml.value_types import Cell

KEYS = {
    "participants": ["participant"],
    "trials": ["participant", "position"],
    "answers": ["participant", "part", "block", "page", "questionnaire", "item"],
}
CURE = "map it in the plan's [source] (codes, missing, where)"


def read_source_table(
    path: Path, table: SourceTable, source: Source
) -> tuple[pd.DataFrame | None, list[str]]:
    """Return text cells under our names, in the file's row order with its line number as index + 2.

    Rows outside `where` are left out, codes are translated, and cells marked by their kind of
    missing.
    """
    encoding = "utf-8-sig" if source.encoding.lower() in ("utf-8", "utf8") else source.encoding
    cure = (
        'Enter the right name, encoding (such as "latin-1" or "utf-16") and separator in the '
        "plan's [source]"
    )
    raw, problems = read_text(path, cure, encoding, source.separator)
    if raw is None:
        return None, problems
    theirs = [*table.columns.values(), *table.where]
    absent = [name for name in dict.fromkeys(theirs) if name not in raw]
    if absent:
        return None, [
            f"{table.file} lacks the columns {values_text(absent)}. It has "
            f"{', '.join(map(repr, raw))}. Correct [source] in the plan."
        ]
    if table.repeats != "refuse":
        raw = raw.drop_duplicates()  # over all columns of the file, mapped or not
    for name, values in table.where.items():
        raw = raw[raw[name].str.strip().isin([str(value) for value in values])]
    frame = _renamed(raw, table, source)
    frame, bad = _without_repeats(frame, table)
    return frame, bad + _type_problems(frame, table)


def types_of(table: SourceTable) -> Mapping[str, Column]:
    """Return the column by our name: from the schema, or with the type that the plan declares."""
    schema = {column.name: column for column in FILES[f"{table.into}.csv"]}
    return {
        name: schema.get(name, Column(name, table.types.get(name, "text"), True))
        for name in [*table.columns, *table.constants]
    }


def _renamed(raw: pd.DataFrame, table: SourceTable, source: Source) -> pd.DataFrame:
    frame = pd.DataFrame(
        {ours: raw[theirs].str.strip() for ours, theirs in table.columns.items()}, index=raw.index
    )
    for ours, value in table.constants.items():
        frame[ours] = str(value)
    for ours in map(str, frame.columns):
        codes: dict[str, Cell] = {
            **(source.missing if ours not in ("participant", "arm") else {}),
            **source.codes.get(ours, {}),
            **table.codes.get(ours, {}),
        }
        if codes:
            frame[ours] = frame[ours].map(lambda cell, codes=codes: str(codes.get(cell, cell)))
    if table.into == "answers":
        frame = _items_missing(frame, source)
    if table.into == "trials" and "position" not in frame and "participant" in frame:
        # Without a position column, the order in the file is the only order.
        frame["position"] = (frame.groupby("participant").cumcount() + 1).astype(str)
    return frame


def _items_missing(frame: pd.DataFrame, source: Source) -> pd.DataFrame:
    if "item" not in frame or "value" not in frame:
        return frame
    for item in source.items:
        for cell, kind in item.missing.items():
            fits = (frame["item"] == item.item) & (frame["value"] == cell)
            frame.loc[fits, "value"] = kind
    return frame


def _without_repeats(frame: pd.DataFrame, table: SourceTable) -> tuple[pd.DataFrame, list[str]]:
    keys = [key for key in KEYS[table.into] if key in frame]
    if table.repeats in ("keep_first", "keep_last"):
        keep = "first" if table.repeats == "keep_first" else "last"
        return frame.drop_duplicates(keys, keep=keep), []  # type: ignore[call-overload]
    repeated = frame.duplicated(keys, keep=False)
    if not repeated.any():
        return frame, []
    named = [table.columns.get(key, key) for key in keys]
    shown = values_text(" ".join(map(str, row)) for row in frame.loc[repeated, keys].to_numpy())
    return frame, [
        f"{table.file}, columns {' + '.join(named)}, {rows_text(repeated)}: {shown} occurs more "
        'than once. Keep one row, or set repeats = "drop_identical", "keep_first" or "keep_last" '
        "for this file in the plan."
    ]


def _type_problems(frame: pd.DataFrame, table: SourceTable) -> list[str]:
    problems = []
    for ours, column in types_of(table).items():
        theirs = Column(
            table.columns.get(ours, ours), column.type, column.optional, column.minimum,
            column.maximum, column.values if ours != "arm" else (),
        )  # fmt: skip
        problems += convert_column(table.file, frame[ours], theirs, CURE)[1]
    return problems
