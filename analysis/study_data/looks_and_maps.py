"""Paths of the task uncover, and the maps to compare them with, as read from an export."""

from pathlib import Path

import pandas as pd

from analysis.errors import TableError
from analysis.study_data.columns import Column
from analysis.study_data.csv_files import EXPORT_AGAIN, convert, missing_columns, read_text

PATHS, GRIDS = "uncovered.csv", "map_grids.csv"
COLUMNS = {
    PATHS: (
        Column("participant"),
        Column("position", "integer", minimum=1),
        Column("image"),
        Column("t_ms", "number", minimum=0),
        Column("duration_ms", "number", minimum=0),
        Column("x", "number", minimum=0, maximum=1),
        Column("y", "number", minimum=0, maximum=1),
        Column("radius", "number", minimum=0, maximum=1),
    ),
    GRIDS: (
        Column("image"),
        Column("method", "category"),
        Column("label"),
        Column("row", "integer", minimum=1),
        Column("column", "integer", minimum=1),
        Column("value", "number", minimum=0),
    ),
}


def read_looks(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables by file name. Empty if the folder lacks one of them.

    Raises TableError with every problem.
    """
    if not all((folder / name).is_file() for name in COLUMNS):
        return {}
    tables: dict[str, pd.DataFrame] = {}
    problems: list[str] = []
    for name, columns in COLUMNS.items():
        frame, faults = read_text(folder / name)
        if frame is not None:
            faults += missing_columns(name, frame, columns)
            if not faults:
                tables[name], faults = convert(name, frame, columns)
        problems += faults
    if not problems and tables[GRIDS].duplicated(["image", "method", "row", "column"]).any():
        problems.append(f"{GRIDS}: a map has two values of the same cell. {EXPORT_AGAIN}.")
    if problems:
        raise TableError(problems)
    return tables
