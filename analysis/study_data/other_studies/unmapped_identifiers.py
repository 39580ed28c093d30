"""Columns of another study's files that seem to name people and that the plan does not map."""

import csv
import re
from collections.abc import Iterator
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
    frames = (_identifiers(file, encoding, source.separator) for file in files)
    return tuple(frame for part in frames for frame in part)


def _identifiers(file: SourceFile, encoding: str, separator: str) -> Iterator[pd.DataFrame]:
    table = file.table
    person = table.columns.get("participant")
    mapped = {*table.columns.values(), *table.items.values(), *table.where, *table.wide.values()}
    with file.path.open(encoding=encoding, newline="") as lines:
        header = next(csv.reader(lines, delimiter=separator), [])
    named = [name for name in header if NAMED.search(name) and name not in mapped]
    if person is None or not named or len(set(named)) < len(named):
        return
    raw, _ = read_text(file.path, "", encoding, separator, {person, *named, *table.where})
    if raw is None:
        return
    for name, values in table.where.items():
        raw = raw[raw[name].str.strip().isin([str(value) for value in values])]
    cells = raw[[person, *named]].apply(lambda column: column.str.strip())
    yield cells.rename(columns={person: "participant"}).reset_index(drop=True)
