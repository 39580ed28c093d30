"""Files for the same table put together: rows under each other, other columns beside each other."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby

import pandas as pd

from analysis.plan.tables import SourceTable
from analysis.plan.wide_patterns import placeholders
from analysis.study_data.csv_files import rows_text, values_text
from analysis.study_data.other_studies.column_mapping import MappedFile
from analysis.study_data.other_studies.repeats import ROW, identity, times
from analysis.study_data.other_studies.wide_rows import is_wide


def stacked(
    files: Sequence[MappedFile], within: Set[str]
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return the rows of all files, the columns that identify them, and problems.

    A row whose key no earlier file has is added. Otherwise the file must bring columns that the
    earlier files lack for this key, and must agree with them in the others. A cell that no file
    has is NaN. The order is that of the plan.
    """
    if files[0].table.into == "answers":
        files = [_with_times(file, files) for file in files]
    keys, problems = _keys(files, within)
    if not problems:
        problems = [problem for file in files for problem in _ambiguous(file, files, keys)]
    if problems:
        return pd.DataFrame(), keys, problems
    so_far = _SoFar(pd.DataFrame(), pd.Series(dtype="object"), [])
    # Files of one pattern seldom share a key, and joining a thousand of them one by one is slow.
    for _, group in groupby(files, key=lambda file: file.file.declared):
        together = list(group)
        blocks = [_block(file, keys) for file in together]
        whole = _Block(
            together[0].table,
            pd.concat([block.rows for block in blocks]),
            pd.concat([block.lines for block in blocks]),
            pd.concat([block.names for block in blocks]),
        )
        if not whole.rows.index.has_duplicates:
            result = _added(whole, so_far)
            if len(result.problems) == len(so_far.problems):
                so_far = result
                continue
        # One by one, so that messages name the right file.
        for block in blocks:
            so_far = _added(block, so_far)
    return so_far.rows.reset_index(), keys, list(so_far.problems)


@dataclass(frozen=True)
class _Block:
    """Rows to add, indexed by their keys, with the line and the file of each."""

    table: SourceTable
    rows: pd.DataFrame
    lines: pd.Series
    names: pd.Series


@dataclass(frozen=True)
class _SoFar:
    """Rows of the earlier files, the first file with each key, and problems."""

    rows: pd.DataFrame
    names: pd.Series
    problems: Sequence[str]


def _block(file: MappedFile, keys: list[str]) -> _Block:
    columns = [name for name in file.frame if name not in ("arm", ROW) or name in keys]
    rows = file.frame[columns].set_index(keys)
    lines = pd.Series(file.frame.index, index=rows.index)
    names = pd.Series(file.table.file, index=rows.index, dtype="object")
    return _Block(file.table, rows, lines, names)


def _added(block: _Block, so_far: _SoFar) -> _SoFar:
    if so_far.rows.empty and so_far.rows.columns.empty:
        return _SoFar(block.rows, block.names, so_far.problems)
    rows, earlier, problems = _without_twice(block, so_far)
    joined = _joined(earlier, rows)
    names = so_far.names.reindex(joined.index)
    names = names.where(names.notna(), block.names.reindex(joined.index))
    return _SoFar(joined, names, [*so_far.problems, *problems])


def _with_times(file: MappedFile, files: Sequence[MappedFile]) -> MappedFile:
    """Return the file with an empty page, part or block where only other files have one."""
    named = times({str(name) for other in files for name in other.frame})
    absent = [name for name in named if name not in file.frame]
    return replace(file, frame=file.frame.assign(**dict.fromkeys(absent, "")))


def _ambiguous(file: MappedFile, files: Sequence[MappedFile], keys: Sequence[str]) -> list[str]:
    """Return the problem of rows that are told apart only by columns that other files lack."""
    repeated = file.frame.duplicated(list(keys), keep=False)
    if not repeated.any():
        return []
    named = " + ".join(str(file.table.columns.get(name, name)) for name in keys)
    others = ", ".join(
        dict.fromkeys(one.table.file for one in files if one.table.file != file.table.file)
    )
    return [
        f"{file.table.file}, columns {named}, {rows_text(repeated)}: more than one row fits a "
        f"row of {others}. Map the position of the trial in each of these files."
    ]


def _keys(files: Sequence[MappedFile], within: Set[str]) -> tuple[list[str], list[str]]:
    """Return the columns that identify a row in every file, or why there are none."""
    shared = [name for name in files[0].frame if all(name in file.frame.columns for file in files)]
    wide = [file.table for file in files if is_wide(file.table)]
    varying = {*within, *(name for table in wide for name in placeholders(table.wide.values()))}
    into = files[0].table.into
    keys = identity(into, [str(name) for name in shared if name != ROW], varying)
    if any(file.table.repeats == "keep_all" for file in files):
        keys = ["participant", ROW]
    if ROW not in keys:
        return keys, []
    if any(name in varying for name in shared) and len(wide) == len(files):
        return ["participant", *(str(name) for name in shared if name in varying)], []
    same = all(set(file.frame) == set(files[0].frame) for file in files)
    if ROW in shared and same:
        return keys, []
    names = ", ".join(dict.fromkeys(file.table.file for file in files))
    return keys, [
        f"[source]: nothing tells which rows of {names} are the same trial. Map the position of "
        "the trial, or its image, in each of these files."
    ]


def _without_twice(block: _Block, so_far: _SoFar) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return the block's and the earlier rows without cells that both fill, or the problem."""
    rows, earlier = block.rows, so_far.rows
    both = rows.index[rows.index.isin(earlier.index)]
    shared = [name for name in rows if name in earlier]
    if both.empty or not shared:
        return rows, earlier, []
    old, new = earlier.loc[both, shared], rows.loc[both, shared]
    filled = old.notna() & (old != "") & new.notna() & (new != "")
    differ = filled & (old != new)
    # A file that brings another column for a key describes the same row, and may repeat cells.
    brings = pd.Series(len(shared) < rows.shape[1], index=both) | old.isna().any(axis=1)
    twice = (filled.any(axis=1) & ~brings) | differ.any(axis=1)
    if block.table.repeats == "drop_identical":
        twice = differ.any(axis=1)
    if not twice.any():
        return rows, earlier, []
    if block.table.repeats == "keep_first":
        rows = rows.copy()
        rows.loc[both, shared] = old.where(filled, new)
        return rows, earlier, []
    if block.table.repeats == "keep_last":
        earlier = earlier.copy()
        earlier.loc[both, shared] = new.where(filled, old)
        return rows, earlier, []
    return rows, earlier, [_twice(block, so_far, differ[twice], brings[twice])]


def _twice(block: _Block, so_far: _SoFar, differ: pd.DataFrame, brings: "pd.Series[bool]") -> str:
    """Return the sentence on keys that a row of the block and an earlier file fill."""
    clash, table, file = differ.index, block.table, block.table.file
    others = ", ".join(dict.fromkeys(so_far.names.loc[clash].astype(str)))
    lines = pd.Series(True, index=pd.Index(sorted(set(block.lines.loc[clash]))))
    keys = [str(name) for name in clash.names if name != ROW]
    named = " + ".join(table.columns.get(name, name) for name in keys)
    cells = clash.to_frame(index=False)[keys].to_numpy()
    shown = values_text(" ".join(map(str, row)) for row in cells)
    place = f"{file}, columns {named}, {rows_text(lines)}: {shown}"
    choice = f'"keep_first" or "keep_last" for {file} in the plan'
    if not brings.all():
        return (
            f"{place} is already in {others}. Keep one of the rows, or set repeats = "
            f'"drop_identical", {choice}.'
        )
    columns = [str(name) for name in differ.columns[differ.any()]]
    theirs = values_text(table.columns.get(name, name) for name in columns)
    return (
        f"{place} has another {theirs} than in {others}. Correct one of the files, or set "
        f"repeats = {choice}."
    )


def _joined(joined: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the union of rows and columns; a cell of `joined` counts if it is not open."""
    union = joined.index.append(rows.index[~rows.index.isin(joined.index)])
    result = joined.reindex(union)
    for name in rows:
        cells = rows[name].reindex(union)
        if name not in result:
            result[name] = cells
            continue
        is_open = result[name].isna() | ((result[name] == "") & cells.notna())
        result[name] = result[name].where(~is_open, cells)
    return result
