"""Files of another study with the columns that the plan does not map."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.plan.plan import Plan
from analysis.plan.tables import Source
from analysis.study_data.other_studies.source_files import SourceFile, source_files

Numbers = npt.NDArray[np.float64]
MOST_COLUMNS = 60  # of a file that the plan does not map
FILE = " file"  # no header contains it, because names are stripped
NUMERIC = 0.95
"""Share of the cells of a column that must be numbers; a note among them makes no text of it."""


@dataclass(frozen=True)
class FileColumns:
    """Rows of a file: `participant`, mapped columns under our names, and `unmapped` columns.

    Columns of numbers are float64, with NaN for empty cells, and other columns are text.
    """

    file: str
    into: str
    table: pd.DataFrame
    unmapped: tuple[str, ...]

    def numbers(self, people: pd.Series) -> dict[str, Numbers]:
        """Return the columns of numbers in the rows of these participants."""
        table = self.table[self.table["participant"].isin(people)]
        return {
            str(name): table[name].to_numpy()
            for name in table.columns
            if table[name].dtype == "float64" and table[name].notna().any()
        }


def stacked(files: Iterable[FileColumns]) -> tuple[FileColumns, ...]:
    """Return the files with those of the same table and columns as one.

    `file` lists their names, and the column FILE tells the rows of several files apart.
    """
    groups: dict[tuple[object, ...], list[FileColumns]] = {}
    for file in files:
        key = (file.into, frozenset(file.table.columns), frozenset(file.unmapped))
        groups.setdefault(key, []).append(file)
    return tuple(parts[0] if len(parts) == 1 else _stack(parts) for parts in groups.values())


def _stack(parts: list[FileColumns]) -> FileColumns:
    columns = {}
    for name in parts[0].table.columns:
        cells = [part.table[name] for part in parts]
        if len({one.dtype for one in cells}) > 1:
            # A column of numbers is text where a file has no cell in it.
            cells = [_numbers(one) for one in cells]
        if len({one.dtype for one in cells}) > 1:
            cells = [one if one.dtype != "float64" else one.astype("str") for one in cells]
        columns[name] = pd.concat(cells, ignore_index=True)
    columns[FILE] = pd.Series(
        np.repeat([part.file for part in parts], [len(part.table) for part in parts])
    )
    names = ", ".join(part.file for part in parts)
    return FileColumns(names, parts[0].into, pd.DataFrame(columns), parts[0].unmapped)


def _numbers(cells: pd.Series) -> pd.Series:
    return cells if (cells != "").any() else pd.Series(np.nan, index=cells.index)


def columns_of_files(place: Path, plan: Plan) -> tuple[FileColumns, ...]:
    """Return the files that have unmapped columns, or contain a part of the rows of a table.

    The files have been read and checked before. A file that the plan maps completely, and that is
    the only one of its table, is not read again.
    """
    source = plan.source
    if source is None:
        return ()
    files, _ = source_files(place, source)
    parts = Counter(_mapping(file) for file in files)
    seen: set[tuple[Path, str]] = set()
    tables = []
    for file in files:
        person = file.table.columns.get("participant")
        key = (file.path, person or "")
        if key in seen or (person is None and "participant" not in file.table.constants):
            continue
        seen.add(key)
        columns = _columns(file, files, source)
        unmapped = [name for name, ours in columns.items() if not ours]
        if unmapped or parts[_mapping(file)] > 1:
            table = _read(file, columns, source)
            if table is not None:
                tables.append(FileColumns(file.path.name, file.table.into, table, (*unmapped,)))
    return tuple(tables)


def _mapping(file: SourceFile) -> tuple[object, ...]:
    """Return what the files of a stacked table have in common."""
    table = file.table
    return (table.into, *sorted(table.columns.items()), *sorted(table.items.items()))


def _columns(file: SourceFile, files: Iterable[SourceFile], source: Source) -> dict[str, str]:
    """Return our name by the file's name of each column, "" for those that no entry maps."""
    header = _header(file.path, _encoding(source), source.separator)
    ours: dict[str, str] = {}
    for other in files:
        if other.path == file.path:
            mapped = {**other.table.columns, **other.table.items}
            ours |= {theirs: name for name, theirs in mapped.items()}
            choice = () if other.table.choice is None else other.table.choice.columns
            ours |= {name: name for name in (*other.table.json, *choice)}
            # A column for each trial keeps its name, because ours would be that of all of them.
            ours |= {name: name for pattern in other.table.wide.values()
                     for name in header if _fits(name, pattern)}  # fmt: skip
    once = [name for name in header if name.strip() and header.count(name) == 1]
    unmapped = [name for name in once if name not in ours][:MOST_COLUMNS]
    return {name: ours.get(name, "") for name in once if name in ours or name in unmapped}


def _fits(name: str, pattern: str) -> bool:
    before, _, rest = pattern.partition("{")
    after = rest.rpartition("}")[2]
    return name.startswith(before) and name.endswith(after)


def _encoding(source: Source) -> str:
    return "utf-8-sig" if source.encoding.lower() in ("utf-8", "utf8") else source.encoding


def _header(path: Path, encoding: str, separator: str) -> list[str]:
    with path.open(encoding=encoding, newline="") as lines:
        return next((row for row in csv.reader(lines, delimiter=separator) if row), [])


def _read(file: SourceFile, columns: dict[str, str], source: Source) -> pd.DataFrame | None:
    try:
        raw = pd.read_csv(
            file.path, sep=source.separator, encoding=_encoding(source), dtype="str",
            keep_default_na=False, usecols=list(columns), index_col=False,
        )  # fmt: skip
    except ValueError:  # a file that only Python's reader accepts, such as one with other quotes
        return None
    person = file.table.columns.get("participant")
    if {*file.table.where, *([] if person is None else [person])} - set(raw.columns):
        return None  # the person or a condition is inside JSON
    for name, values in file.table.where.items():
        kept = [str(value) for value in (values if isinstance(values, tuple) else (values,))]
        raw = raw[raw[name].str.strip().isin(kept)]
    names = {theirs: ours or theirs for theirs, ours in columns.items() if theirs != person}
    if len(set(names.values())) < len(names):
        return None
    # The name of a file may be that of its participant.
    constant = str(file.table.constants.get("participant", ""))
    own = pd.Series(constant, index=raw.index) if person is None else raw[person].str.strip()
    cells = {"participant": own}
    cells |= {ours: _typed(raw[theirs], source) for theirs, ours in names.items()}
    return pd.DataFrame(cells).reset_index(drop=True)


def _typed(cells: pd.Series, source: Source) -> pd.Series:
    text = cells.str.strip()
    text = text.mask(text.isin(list(source.missing)), "")
    written = text.str.replace(",", ".", regex=False) if source.decimal == "," else text
    numbers = pd.to_numeric(written, errors="coerce").astype("float64")
    numbers = numbers.where(np.isfinite(numbers))
    filled = text != ""
    return numbers if filled.any() and numbers[filled].notna().mean() >= NUMERIC else text


def files_by_participant(files: Iterable[FileColumns]) -> Iterator[pd.Series]:
    """Yield the file by participant for each table whose participants are each in one file."""
    by_table: dict[str, list[FileColumns]] = {}
    for file in files:
        by_table.setdefault(file.into, []).append(file)
    for parts in by_table.values():
        people = [pd.Series(part.file, index=part.table["participant"].unique()) for part in parts]
        together = pd.concat(people)
        if len(parts) > 1 and not together.index.duplicated().any():
            yield together
