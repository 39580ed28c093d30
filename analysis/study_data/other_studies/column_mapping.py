"""A CSV file of another study under this platform's column names, with problems in its own."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

import pandas as pd

from analysis.plan.tables import Source, SourceTable, is_inside
from analysis.plan.wide_patterns import placeholders
from analysis.study_data.columns import FILES, Column
from analysis.study_data.csv_files import convert_column, read_text, rows_text, values_text
from analysis.study_data.other_studies.choices import CHOICE, PLACES, with_choices
from analysis.study_data.other_studies.json_columns import with_json_columns
from analysis.study_data.other_studies.repeats import ROW, without_repeats
from analysis.study_data.other_studies.source_files import SourceFile
from analysis.study_data.other_studies.wide_rows import is_wide, wide_rows
from analysis.toml.value_types import Cell

CURE = "map it in the plan's [source] (codes, missing, where)"
ENCODING_CURE = (
    'Enter the right name, encoding (such as "latin-1" or "utf-16") and separator in the '
    "plan's [source]"
)
NUMBER_WITH_COMMA = r"[+-]?\d+,\d+"
NUMERIC = ("integer", "number")


@dataclass(frozen=True)
class MappedFile:
    """A file of another study as text cells under our names.

    The index of `frame` plus 2 is the line of the row in the file; the rows of a wide file repeat
    it. `value_columns` contains, for answers, the name of the file's column with each value.
    """

    file: SourceFile
    frame: pd.DataFrame
    value_columns: pd.Series

    @property
    def table(self) -> SourceTable:
        """Return the table of the plan that maps the file, with the name of this file."""
        return self.file.table


def read_source_file(
    file: SourceFile, source: Source, within: Set[str]
) -> tuple[MappedFile | None, list[str]]:
    """Return the file's rows that count, under our names, and its problems.

    Rows outside `where` and repeated rows are left out, codes are translated, and cells marked by
    their kind of missing.
    """
    table = file.table
    encoding = "utf-8-sig" if source.encoding.lower() in ("utf-8", "utf8") else source.encoding
    named = {table.file_column(name) for name in table.named_columns}
    used = None if is_wide(table) else {*named, *table.json}
    raw, problems = read_text(file.path, ENCODING_CURE, encoding, source.separator, used)
    if raw is None:
        return None, problems
    raw, problems = with_json_columns(raw, table)
    problems = problems or _absent_columns(raw, table, source)
    if problems:
        return None, problems
    if raw.empty:
        said = f"{table.file} has no rows below its first line"
        return None, [f"{said}. Complete it, or take it out of the plan's [source]."]
    if table.repeats not in ("refuse", "keep_all"):
        raw = raw.drop_duplicates()  # over all columns of the file, mapped or not
    for name, values in table.where.items():
        raw = raw[raw[name].str.strip().isin([str(value) for value in values])]
    plain = _plain(raw, table, source)
    frame, choice_problems = with_choices(plain, _chosen(raw, table, source), table)
    frame, bad = without_repeats(frame, table, within)
    bad += choice_problems
    if is_wide(table):
        spread, wide_problems = _spread(frame, raw.loc[frame.index], table, source)
        problems = bad + _type_problems(frame, raw, table, source) + wide_problems
        return None if spread is None else MappedFile(file, *spread), problems
    value = table.columns.get("value", "value")
    columns = pd.Series(value, index=frame.index, dtype="object")
    return MappedFile(file, frame, columns), bad + _type_problems(frame, raw, table, source)


def types_of(table: SourceTable) -> Mapping[str, Column]:
    """Return the column by our name: from the schema, or with the type that the plan declares."""
    schema = {column.name: column for column in FILES[f"{table.into}.csv"]}
    wide = (*table.wide, *placeholders(table.wide.values()))
    choice = () if table.choice is None else (PLACES, CHOICE)
    return {
        name: schema.get(name, Column(name, table.types.get(name, "text"), True))
        for name in [*table.columns, *table.constants, *wide, *choice]
    }


def _absent_columns(raw: pd.DataFrame, table: SourceTable, source: Source) -> list[str]:
    absent = [
        name
        # A column of JSON is replaced by the columns in it.
        for name in dict.fromkeys((*table.named_columns, *table.json))
        if name not in raw and not (name in table.json and _has_json(raw, name))
    ]
    if not absent:
        return []
    header = list(map(str, raw.columns))
    cure = "Correct [source] in the plan."
    others = [mark for mark in ";,\t|" if mark != source.separator and mark in header[0]]
    if len(header) == 1 and others:
        cure = f"Set separator = {_toml(others[0])} in the plan's [source]."
    return [
        f"{table.file} lacks the columns {values_text(absent)}. It has "
        f"{', '.join(map(repr, header))}. {cure}"
    ]


def _has_json(raw: pd.DataFrame, column: str) -> bool:
    return any(is_inside(str(name), column) for name in raw.columns)


def _chosen(raw: pd.DataFrame, table: SourceTable, source: Source) -> pd.DataFrame:
    """Return the columns of the table's choice in our words: methods by the codes of PLACES."""
    names = () if table.choice is None else table.choice.columns
    cells = {name: _translated(raw[name], PLACES, table, source) for name in names}
    return pd.DataFrame(cells, index=raw.index)


def _toml(mark: str) -> str:
    return '"\\t"' if mark == "\t" else f'"{mark}"'


def _plain(raw: pd.DataFrame, table: SourceTable, source: Source) -> pd.DataFrame:
    """Return the columns that are mapped one to one, the constants, and the row as a whole."""
    cells = {
        ours: _translated(raw[theirs], ours, table, source)
        for ours, theirs in table.columns.items()
    }
    frame = pd.DataFrame(cells, index=raw.index, dtype="object")
    for ours, value in table.constants.items():
        constant = pd.Series(str(value), index=raw.index, dtype="object")
        frame[ours] = _translated(constant, ours, table, source, is_constant=True)
    if table.into == "answers":
        frame = _items_missing(frame, source)
    if table.into == "trials" and not {"position", "image"} & set(frame):
        # Cells are joined by a character that no file contains, as csv_files has checked.
        frame[ROW] = raw.iloc[:, 0].str.cat(raw.iloc[:, 1:], sep="\0").astype("object")
    return frame


def _translated(
    cells: pd.Series, ours: str, table: SourceTable, source: Source, is_constant: bool = False
) -> pd.Series:
    """Return the cells in our words: decimal points, codes and kinds of missing."""
    codes: dict[str, Cell] = {
        **(source.missing if ours not in ("participant", "arm") else {}),
        **source.codes.get(ours, {}),
        **table.codes.get(ours, {}),
    }
    cells = cells.str.strip()
    coded = cells.map({cell: str(value) for cell, value in codes.items()})
    if source.decimal == "," and not is_constant and _may_be_number(ours, table):
        commas = cells.str.fullmatch(NUMBER_WITH_COMMA)
        cells = cells.mask(commas, cells.str.replace(",", ".", regex=False))
    return coded.where(coded.notna(), cells).astype("object")


def _may_be_number(ours: str, table: SourceTable) -> bool:
    column = types_of(table).get(ours)
    return (column is not None and column.type in NUMERIC) or (
        table.into == "answers" and ours == "value"
    )


def _items_missing(frame: pd.DataFrame, source: Source) -> pd.DataFrame:
    if "item" not in frame or "value" not in frame:
        return frame
    for item in source.items:
        for cell, kind in item.missing.items():
            fits = (frame["item"] == item.item) & (frame["value"] == cell)
            frame.loc[fits, "value"] = kind
    return frame


def _spread(
    frame: pd.DataFrame, raw: pd.DataFrame, table: SourceTable, source: Source
) -> tuple[tuple[pd.DataFrame, pd.Series] | None, list[str]]:
    """Return a row per item or trial of each wide row, in the order of lines and columns."""
    rows, problems = wide_rows(table, list(map(str, raw.columns)))
    if problems:
        return None, problems
    parts = []
    for row in rows:
        part = frame.copy()
        for ours, value in row.values.items():
            constant = pd.Series(value, index=frame.index, dtype="object")
            part[ours] = _translated(constant, ours, table, source, is_constant=True)
        for ours, theirs in row.columns.items():
            part[ours] = _translated(raw[theirs], ours, table, source)
            column = types_of(table).get(ours, Column("value", optional=True))
            problems += _cells_problems(part[ours], raw[theirs], theirs, column, table, source)
        part["_column"] = row.columns.get("value", "value")
        if table.into == "trials":
            # An image that a person did not see leaves its cells empty; it is not a trial.
            part = part[(part[list(row.columns)] != "").any(axis=1)]
        parts.append(part)
    spread = pd.concat(parts).sort_index(kind="stable")
    if table.into == "answers":
        spread = _items_missing(_with_questionnaire(spread, source), source)
    return (spread.drop(columns="_column"), spread["_column"]), problems


def _with_questionnaire(frame: pd.DataFrame, source: Source) -> pd.DataFrame:
    if "questionnaire" in frame:
        return frame
    return frame.assign(
        questionnaire=frame["item"].map({item.item: item.questionnaire for item in source.items})
    )


def _type_problems(
    frame: pd.DataFrame, raw: pd.DataFrame, table: SourceTable, source: Source
) -> list[str]:
    problems = []
    for ours, column in types_of(table).items():
        if ours not in frame:
            continue
        theirs = table.columns.get(ours, ours)
        cells = raw[theirs].loc[frame.index] if ours in table.columns else frame[ours]
        problems += _cells_problems(frame[ours], cells, theirs, column, table, source)
    return problems


def _cells_problems(
    cells: pd.Series, raw: pd.Series, theirs: str, column: Column, table: SourceTable,
    source: Source,
) -> list[str]:  # fmt: skip
    """Return the problems of cells, which `raw` contains as written, in the file's own names."""
    checked = Column(
        theirs, column.type, column.optional, column.minimum, column.maximum,
        column.values if column.name != "arm" else (),
    )  # fmt: skip
    cure = CURE
    if column.type in NUMERIC and cells.str.fullmatch(NUMBER_WITH_COMMA).any():
        cure = 'set decimal = "," in the plan\'s [source]'
    problems = convert_column(table.file, cells, checked, cure)[1]
    points = raw.str.contains(".", regex=False) & (raw.str.strip() == cells)
    if source.decimal == "," and column.type in NUMERIC and points.any():
        problems.append(
            f"{table.file}, column {theirs}, {rows_text(points)}: {values_text(raw[points])} has a "
            'point, but the plan says decimal = ",". Correct the cell, or [source] in the plan.'
        )
    return problems
