"""Rows of a file that describe the same person, answer or trial more than once."""

from collections.abc import Collection, Set

import pandas as pd

from analysis.plan.tables import Into, SourceTable
from analysis.study_data.csv_files import rows_text, values_text
from analysis.study_data.other_studies.wide_rows import is_wide

ROW = "_row"
"""Column of frames whose rows have no better identity than all cells of their row in the file."""
CURES = 'set repeats = "drop_identical", "keep_first" or "keep_last"'
TRIAL_CURES = CURES.replace(" or", ",") + ' or "keep_all" (each row is a trial of its own)'


def identity(into: Into, columns: Collection[str], within: Set[str]) -> list[str]:
    """Return the columns that identify a row of a table with these columns.

    `within` contains the factors that vary within a participant by the plan. A trial without
    a position is identified by its image within the levels of these factors, because nobody sees
    an image twice unless the plan says so; without an image only whole rows can be compared.
    """
    if into == "participants":
        return ["participant"]
    if into == "answers":
        return ["participant", *times(columns), "questionnaire", "item"]
    if "position" in columns:
        return ["participant", "position"]
    if "image" not in columns:
        return ["participant", ROW]
    return ["participant", *(name for name in columns if name in within - {"image"}), "image"]


def times(columns: Collection[str]) -> list[str]:
    """Return the columns that tell answers to the same item apart, as consistency does."""
    named = [name for name in ("page", "part", "block") if name in columns]
    return named[:1] if named[:1] == ["page"] else named


def without_repeats(
    frame: pd.DataFrame, table: SourceTable, within: Set[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the frame without repeated rows as the table's `repeats` says, or a problem."""
    if table.repeats == "keep_all":
        # Each row is a trial of its own, so that no other row can repeat it.
        lines = [f"{table.file}:{line}" for line in frame.index]
        return frame.assign(**{ROW: lines}), []
    keys = _keys_of_rows(frame, table, within)
    if table.repeats in ("keep_first", "keep_last"):
        keep = "first" if table.repeats == "keep_first" else "last"
        return frame.drop_duplicates(keys, keep=keep), []  # type: ignore[call-overload]
    repeated = frame.duplicated(keys, keep=False)
    if not repeated.any():
        return frame, []
    return frame, [f"{_named(frame, repeated, keys, table)} {_cure(keys, table)}"]


def _keys_of_rows(frame: pd.DataFrame, table: SourceTable, within: Set[str]) -> list[str]:
    if is_wide(table):
        # The placeholders identify the rows that a wide row becomes, so the person is enough.
        rest = [str(name) for name in frame if name in within or name in ("page", "part")]
        return ["participant", *rest]
    return identity(table.into, list(map(str, frame.columns)), within)


def _named(
    frame: pd.DataFrame, repeated: "pd.Series[bool]", keys: list[str], table: SourceTable
) -> str:
    shown_keys = [key for key in keys if key != ROW]
    rows = frame.loc[repeated, shown_keys].to_numpy()
    shown = values_text(" ".join(map(str, row)) for row in rows)
    if ROW in keys:
        return (
            f"{table.file}, {rows_text(repeated)}: rows of {shown} are equal in every cell, and "
            "neither a position nor an image is mapped that would tell them apart."
        )
    columns = " + ".join(table.columns.get(key, key) for key in keys)
    return f"{table.file}, columns {columns}, {rows_text(repeated)}: {shown} occurs more than once."


def _cure(keys: list[str], table: SourceTable) -> str:
    if table.into != "trials" or is_wide(table):
        return f"Keep one row, or {CURES} for this file in the plan."
    if "position" in keys:
        return (
            f"Keep one row, or {CURES} for this file in the plan. If the numbers begin again in "
            "each block, map the block and the image, and not the position."
        )
    return (
        "Keep one row, map the column with the position of the trial, or "
        f"{TRIAL_CURES} for this file in the plan."
    )
