"""CSV files of another study joined into the four tidy tables, as its plan declares."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.errors import TableError
from analysis.plan.tables import MISSING_KINDS as KINDS
from analysis.plan.tables import Source, SourceTable
from analysis.study_data.columns import FILES, Column
from analysis.study_data.consistency import answers_outside_their_item
from analysis.study_data.csv_files import convert, rows_text, values_text
from analysis.study_data.other_studies.column_mapping import read_source_table, types_of

Frames = dict[str, pd.DataFrame]


def read_source(place: Path, source: Source) -> tuple[Frames, dict[str, str]]:
    """Return text frames as this platform would export them, and the files' SHA-256 by name.

    `place` is the folder of the files, or the only file that the plan names. Values that the study
    did not record are "not_asked". Raises TableError with every problem, in the names of the files.
    """
    folder = place if place.is_dir() else place.parent
    tables, problems = [], []
    for table in source.tables:
        frame, new_problems = read_source_table(folder / table.file, table, source)
        problems += new_problems
        if frame is not None:
            tables.append((table, frame))
    # Problems of all files are collected before any join, which would hide their lines.
    problems += _missing_keys(source.tables)
    if problems:
        raise TableError(problems)
    codebook = _codebook(source)
    problems = _unknown_items(tables, codebook) + _two_arms(tables)
    if problems:
        raise TableError(problems)
    people = _participants(tables, source)
    trials = _joined_trials(tables)
    answers = [frame for table, frame in tables if table.into == "answers"]
    frames = {
        "participants.csv": people,
        "trials.csv": _with_arm(trials, people),
        "answers.csv": _with_arm(pd.concat(answers) if answers else pd.DataFrame(), people),
        "codebook.csv": codebook,
    }
    names = dict.fromkeys(table.file for table in source.tables)
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    return {name: _filled(name, frame) for name, frame in frames.items()}, hashes


def _missing_keys(tables: Sequence[SourceTable]) -> list[str]:
    needs = {"participants": ["arm"], "trials": [], "answers": ["questionnaire", "item", "value"]}
    return [
        f"[source], {table.file}: {key!r} is neither in columns nor in constants. Map it."
        for table in tables
        for key in ["participant", *needs[table.into]]
        if key not in table.columns and key not in table.constants
    ]


def _two_arms(tables: Sequence[tuple[SourceTable, pd.DataFrame]]) -> list[str]:
    named = [frame[["participant", "arm"]] for _, frame in tables if "arm" in frame]
    if not named:
        return ["[source]: no file has an arm. Map the column that names the arm."]
    arms = pd.concat(named).drop_duplicates()
    # The arm may be in several files, so it is compared over all of them.
    twice = arms["participant"].duplicated(keep=False)
    problems = []
    if twice.any():
        shown = values_text(arms.loc[twice, "participant"])
        problems.append(
            f"[source], column arm: {shown} has more than one arm, over all files. Correct "
            "the files: a participant has one arm."
        )
    for table, frame in tables:
        strangers = ~frame["participant"].isin(arms["participant"])
        if strangers.any():
            problems.append(
                f"{table.file}, {rows_text(strangers)}: no file contains the arm of "
                f"{values_text(frame.loc[strangers, 'participant'])}. Map an arm for them."
            )
    return problems


def _unknown_items(
    tables: Sequence[tuple[SourceTable, pd.DataFrame]], codebook: pd.DataFrame
) -> list[str]:
    typed, problems = convert("codebook.csv", codebook, FILES["codebook.csv"])
    if problems:
        return problems
    # An item belongs to a questionnaire, so its key alone does not identify it.
    known = set(zip(codebook["questionnaire"], codebook["item"], strict=True))
    for table, frame in tables:
        if table.into != "answers":
            continue
        pairs = list(zip(frame["questionnaire"], frame["item"], strict=True))
        unknown = pd.Series([pair not in known for pair in pairs], index=frame.index, dtype=bool)
        if unknown.any():
            problems.append(
                f"{table.file}, {rows_text(unknown)}: the items "
                f"{values_text(frame.loc[unknown, 'item'])} are not in [[source.items]] of the "
                "plan. List them there, or leave their rows out with `where`."
            )
        marked = frame.assign(value=frame["value"].where(~frame["value"].isin(["", *KINDS])))
        column = table.columns.get("value", "value")
        problems += answers_outside_their_item(marked, typed, table.file, column)
    return problems


def _participants(
    tables: Sequence[tuple[SourceTable, pd.DataFrame]], source: Source
) -> pd.DataFrame:
    """Return one row per participant of any file, in order of first appearance."""
    arms = pd.concat([frame[["participant", "arm"]] for _, frame in tables if "arm" in frame])
    people = arms.drop_duplicates("participant").reset_index(drop=True)
    for table, frame in tables:
        if table.into == "participants":
            columns = frame.drop(columns=["arm"], errors="ignore")
            people = people.merge(columns, on="participant", how="left")
    # Files without a completion flag show completion only by their number of rows.
    complete = pd.Series(True, index=people.index)
    for file, least in source.complete.items():
        rows = pd.concat([frame["participant"] for table, frame in tables if table.file == file])
        complete &= people["participant"].map(rows.value_counts()).fillna(0) >= least
    defaults = pd.DataFrame(
        {
            "arm_label": people["arm"].map(lambda arm: source.arm_labels.get(arm, arm)),
            "sequence": [str(number + 1) for number in range(len(people))],
            "state": complete.map({True: "completed", False: "started"}),
            "simulated": "0",
        }
    )
    return people.join(defaults.drop(columns=people.columns.intersection(defaults.columns)))


def _joined_trials(tables: Sequence[tuple[SourceTable, pd.DataFrame]]) -> pd.DataFrame:
    """Join all trial files by participant and position.

    A cell left open by a join counts as not asked if the file lacks that position for all
    participants.
    """
    joined: pd.DataFrame | None = None
    keys = ["participant", "position"]
    for table, frame in tables:
        if table.into != "trials":
            continue
        rows = frame.drop(columns=["arm"], errors="ignore").reset_index(drop=True)
        if joined is None:
            joined = rows
            continue
        shared = [name for name in rows if name in joined and name not in keys]
        rows = rows.drop(columns=shared)  # the first file with a column keeps it
        joined = joined.merge(rows, on=keys, how="outer", sort=False)
        absent = (
            joined["position"]
            .isin(rows["position"])
            .map({True: "not_answered", False: "not_asked"})
        )
        for name in rows.columns.difference(keys):
            joined[name] = joined[name].fillna(absent)
        joined = joined.fillna("not_answered")
    return pd.DataFrame(columns=keys) if joined is None else _in_order(joined)


def _in_order(trials: pd.DataFrame) -> pd.DataFrame:
    place = pd.to_numeric(trials["position"], errors="coerce")
    order = trials.assign(_place=place).sort_values(["participant", "_place"], kind="stable")
    ordered = order.drop(columns="_place").reset_index(drop=True)
    if {"true_class", "predicted_class"} <= set(ordered) and "prediction_correct" not in ordered:
        known = ~ordered["true_class"].isin(KINDS) & ~ordered["predicted_class"].isin(KINDS)
        same = (ordered["true_class"] == ordered["predicted_class"]).astype(int).astype(str)
        ordered["prediction_correct"] = same.where(known, "not_asked")
    return ordered


def _with_arm(frame: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    if frame.empty:
        return frame
    arm = frame["participant"].map(people.set_index("participant")["arm"])
    return frame.assign(arm=arm).reset_index(drop=True)


def _filled(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return all columns of the schema.

    Columns that the study lacks count as not asked.
    """
    empty = "" if name == "codebook.csv" else "not_asked"
    for column in FILES[name]:
        if column.name not in frame:
            frame[column.name] = pd.Series(empty, index=frame.index, dtype="object")
    return frame.astype("object").fillna(empty).astype(str)


def _codebook(source: Source) -> pd.DataFrame:
    columns: dict[tuple[str, str], Column] = {}
    for table in source.tables:
        file = f"{table.into}.csv"
        columns |= {(file, name): column for name, column in types_of(table).items()}
    # Columns of the schema come last, because the schema's types take precedence.
    for file, schema in FILES.items():
        columns |= {(file, column.name): column for column in schema}
    rows = [
        {"file": file, "column": name, "label": name, "type": column.type}
        for (file, name), column in columns.items()
    ]
    for item in source.items:
        numeric = item.minimum is not None and item.maximum is not None
        rows.append(
            {
                "file": "answers.csv",
                "column": "value",
                "item": item.item,
                "label": item.label or item.item,
                "type": "integer" if numeric else "text",
                "minimum": "" if item.minimum is None else f"{item.minimum:g}",
                "maximum": "" if item.maximum is None else f"{item.maximum:g}",
                "questionnaire": item.questionnaire,
                "scale": item.scale or "",
                "reversed": str(item.reversed) if numeric else "",
            }
        )
    names = [column.name for column in FILES["codebook.csv"]]
    return pd.DataFrame(rows, columns=names, dtype="object").fillna("").astype(str)
