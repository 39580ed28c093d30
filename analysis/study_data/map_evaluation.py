"""Evaluation of the maps, from images.csv of evaluate_explanations."""

from pathlib import Path

import pandas as pd

from analysis.errors import TableError
from analysis.study_data.columns import Column
from analysis.study_data.csv_files import convert, missing_columns, read_text

FILE = "evaluation.csv"  # name of the file in a data folder and in a bundle
MADE_BY = "Make it with manage.py evaluate_explanations"
COLUMNS = (
    Column("image", "text"),
    Column("method", "category"),
    Column("measure", "category"),
    Column("label", "text"),
    Column("group", "category"),
    Column("better", "category"),
    Column("value", "number"),
)


def evaluation_path(path: Path) -> Path:
    """Return the path of the CSV, also if the folder of the evaluation is given."""
    return path / "images.csv" if path.is_dir() else path


def read_evaluation(path: Path) -> pd.DataFrame:
    """Return a row per image, method and measure. Raises TableError with every problem."""
    frame, problems = read_text(path, MADE_BY)
    if frame is None:
        raise TableError(problems)
    problems = missing_columns(path.name, frame, COLUMNS)
    if problems:
        raise TableError(problems)
    typed, problems = convert(path.name, frame, COLUMNS)
    # Reading stops at the first kind of problem, because later checks need valid columns.
    sides = sorted(set(typed["better"]) - {"higher", "lower", "neither"})
    if sides:
        problems.append(
            f"{path.name}: better must be higher, lower or neither, but is "
            f"{', '.join(map(str, sides))}. {MADE_BY}."
        )
    if typed.duplicated(["image", "method", "measure"]).any():
        problems.append(
            f"{path.name}: an image has two values of the same method and measure. {MADE_BY}."
        )
    if typed["value"].isna().any():
        problems.append(f"{path.name}: value is empty in some rows. {MADE_BY}.")
    if problems:
        raise TableError(problems)
    return typed
