"""Columns of another study's files that seem to name people and that the plan does not map."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from analysis.plan.plan import Plan
from analysis.study_data.csv_files import read_text
from analysis.study_data.other_studies.source_files import SourceFile, source_files

NAMED = re.compile(
    r"(^|_)(ids?|pid|uid|worker|person|subject|subj|respondent|user|participant|rater|annotator|"
    r"judge|student|prolific|mturk|vp|vpn|proband|code|ip)(_|$|\d)|id$",
    re.I,
)
"""Names of columns that name people."""


def unmapped_identifiers(place: Path, plan: Plan) -> tuple[pd.DataFrame, ...]:
    """Return per file the participant and the unmapped columns whose names speak of people.

    The files have been read and checked before: a file that has no such column is not read again.
    """
    source = plan.source
    if source is None:
        return ()
    files, _ = source_files(place, source)
    encoding = "utf-8-sig" if source.encoding.lower() in ("utf-8", "utf8") else source.encoding
    frames = (
        (file.table.into, frame)
        for file in files
        for frame in _identifiers(file, encoding, source.separator)
    )
    return tuple(_stacked(frames))


def _stacked(frames: Iterable[tuple[str, pd.DataFrame]]) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table's files with the same columns as one frame.

    A participant may have several files, or each a file of their own.
    """
    by_columns: dict[tuple[str, ...], list[pd.DataFrame]] = {}
    for into, frame in frames:
        by_columns.setdefault((into, *frame.columns), []).append(frame)
    for parts in by_columns.values():
        yield parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def _identifiers(file: SourceFile, encoding: str, separator: str) -> Iterator[pd.DataFrame]:
    table = file.table
    person = table.columns.get("participant")
    mapped = {*table.named_columns, *table.json, *table.wide.values()}
    with file.path.open(encoding=encoding, newline="") as lines:
        header = next(csv.reader(lines, delimiter=separator), [])
    named = [name for name in header if NAMED.search(name) and name not in mapped]
    # The name of a file may be that of its participant.
    constant = table.constants.get("participant")
    if (person is None and constant is None) or not named or len(set(named)) < len(named):
        return
    used = {*named, *table.where, *([] if person is None else [person])}
    if not used <= set(header):  # the person or a condition is inside JSON
        return
    raw, _ = read_text(file.path, "", encoding, separator, used)
    if raw is None:
        return
    for name, values in table.where.items():
        raw = raw[raw[name].str.strip().isin([str(value) for value in values])]
    cells = raw[list(dict.fromkeys([*([] if person is None else [person]), *named]))]
    cells = cells.apply(lambda column: column.str.strip()).reset_index(drop=True)
    if person is None:
        cells.insert(0, "participant", str(constant))
        yield cells
    else:
        yield cells.rename(columns={person: "participant"})
