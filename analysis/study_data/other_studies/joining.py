"""CSV files of another study joined into the four tidy tables, as its plan declares."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.errors import TableError
from analysis.plan.plan import Plan
from analysis.plan.tables import MISSING_KINDS as KINDS
from analysis.plan.tables import Into, Source, SourceTable
from analysis.study_data.columns import FILES, Column
from analysis.study_data.consistency import answers_outside_their_item
from analysis.study_data.csv_files import convert, rows_text, values_text
from analysis.study_data.other_studies.column_mapping import (
    MappedFile,
    read_source_file,
    types_of,
)
from analysis.study_data.other_studies.repeats import ROW
from analysis.study_data.other_studies.source_files import source_files
from analysis.study_data.other_studies.stacking import stacked

Frames = dict[str, pd.DataFrame]


def read_source(place: Path, plan: Plan) -> tuple[Frames, dict[str, str]]:
    """Return text frames as this platform would export them, and the files' SHA-256 by name.

    `place` is the folder of the files, or the only file that the plan names. Values that the study
    did not record are "not_asked". Raises TableError with every problem, in the names of the files.
    """
    source = plan.source or Source(())
    within = _within(plan)
    paths, problems = source_files(place, source)
    files = []
    for path in paths:
        file, new_problems = read_source_file(path, source, within)
        problems += new_problems
        if file is not None:
            files.append(file)
    # Problems of all files are collected before any join, which would hide their lines.
    problems += _without_rows(files, source)
    _raise(problems)
    files = _with_only_arm(files, plan)
    codebook = _codebook(source)
    _raise(_unknown_items(files, codebook) + _arm_problems(files, plan))
    people, problems = _participants(files, source)
    trials, new_problems = _trials(_into(files, "trials"), within)
    answers, more_problems = _rows(_into(files, "answers"), within)
    _raise([*problems, *new_problems, *more_problems])
    frames = {
        "participants.csv": people,
        "trials.csv": _with_arm(trials, people),
        "answers.csv": _with_arm(answers, people),
        "codebook.csv": codebook,
    }
    hashes = {path.table.file: hashlib.sha256(path.path.read_bytes()).hexdigest() for path in paths}
    return {name: _filled(name, frame) for name, frame in frames.items()}, hashes


def _raise(problems: Sequence[str]) -> None:
    if problems:
        raise TableError(list(dict.fromkeys(problems)))


def _within(plan: Plan) -> frozenset[str]:
    """Return the trial columns that vary within a participant by the plan."""
    named = [outcome.within for outcome in plan.outcomes]
    named += [exclusion.block for exclusion in plan.exclusions]
    return frozenset({"block", "condition", *(name for name in named if name)} - {"position"})


def _into(files: Sequence[MappedFile], into: Into) -> list[MappedFile]:
    return [file for file in files if file.table.into == into]


def _without_rows(files: Sequence[MappedFile], source: Source) -> list[str]:
    """Return a sentence per entry of the plan whose `where` leaves no row of any file."""
    problems = []
    for table in source.tables:
        own = [file for file in files if _belongs(file, table)]
        if own and table.where and all(file.frame.empty for file in own):
            named = ", ".join(
                f"{name} = {values_text(values)}" for name, values in table.where.items()
            )
            problems.append(f"{table.file}: no row has {named}. Correct where in the plan.")
    return problems


def _belongs(file: MappedFile, table: SourceTable) -> bool:
    same = replace(file.table, file=table.file, constants=table.constants)
    return file.file.declared == table.file and same == table


def _with_only_arm(files: Sequence[MappedFile], plan: Plan) -> list[MappedFile]:
    """Return the files with the plan's arm in every row if it has one arm and no file names it."""
    if len(plan.arms) != 1 or any("arm" in file.frame for file in files):
        return list(files)
    return [replace(file, frame=file.frame.assign(arm=plan.arms[0])) for file in files]


def _arm_problems(files: Sequence[MappedFile], plan: Plan) -> list[str]:
    named = [file.frame[["participant", "arm"]] for file in files if "arm" in file.frame]
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
    for file in files:
        problems += _strange_arms(file, plan)
        strangers = ~file.frame["participant"].isin(arms["participant"])
        if strangers.any():
            problems.append(
                f"{file.table.file}, {rows_text(strangers)}: no file contains the arm of "
                f"{values_text(file.frame.loc[strangers, 'participant'])}. Map an arm for them."
            )
    return problems


def _strange_arms(file: MappedFile, plan: Plan) -> list[str]:
    if "arm" not in file.frame:
        return []
    unknown = ~file.frame["arm"].isin(plan.arms)
    if not unknown.any():
        return []
    return [
        f"{file.table.file}, column {file.table.columns.get('arm', 'arm')}, {rows_text(unknown)}: "
        f"the plan's arms {', '.join(map(repr, plan.arms))} do not include "
        f"{values_text(file.frame.loc[unknown, 'arm'])}. List every arm in `arms` of the plan, or "
        "translate it by codes in its [source]."
    ]


def _unknown_items(files: Sequence[MappedFile], codebook: pd.DataFrame) -> list[str]:
    typed, problems = convert("codebook.csv", codebook, FILES["codebook.csv"])
    if problems:
        return problems
    # An item belongs to a questionnaire, so its key alone does not identify it.
    known = set(zip(codebook["questionnaire"], codebook["item"], strict=True))
    for file in _into(files, "answers"):
        name, frame = file.table.file, file.frame
        pairs = list(zip(frame["questionnaire"], frame["item"], strict=True))
        unknown = pd.Series([pair not in known for pair in pairs], index=frame.index, dtype=bool)
        if unknown.any():
            problems.append(
                f"{name}, {rows_text(unknown)}: the items "
                f"{values_text(frame.loc[unknown.to_numpy(), 'item'])} are not in "
                "[[source.items]] of the plan. List them there, or leave their rows out with "
                "`where`."
            )
        marked = frame.assign(value=frame["value"].where(~frame["value"].isin(["", *KINDS])))
        for column in file.value_columns.unique():
            own = marked[(file.value_columns == column).to_numpy()]
            problems += answers_outside_their_item(own, typed, name, str(column))
    return problems


def _participants(files: Sequence[MappedFile], source: Source) -> tuple[pd.DataFrame, list[str]]:
    """Return one row per participant of any file, in order of first appearance, and problems."""
    arms = pd.concat([file.frame[["participant", "arm"]] for file in files if "arm" in file.frame])
    people = arms.drop_duplicates("participant").reset_index(drop=True)
    described, problems = _rows(_into(files, "participants"), frozenset())
    if not described.empty:
        people = people.merge(described, on="participant", how="left", validate="one_to_one")
    if "state" in people:
        unknown = people.loc[people["state"].isna(), "participant"]
        if len(unknown):
            problems.append(
                "[source]: the file that states who completed the study has no row for "
                f"{values_text(unknown)}. Add the rows, or do not map state."
            )
    elif source.complete:
        people["state"] = _state_by_rows(files, people, source)
    defaults = pd.DataFrame(
        {
            "arm_label": people["arm"].map(lambda arm: source.arm_labels.get(arm, arm)),
            "sequence": [str(number + 1) for number in range(len(people))],
            "simulated": "0",
        }
    )
    defaults = defaults.drop(columns=people.columns.intersection(defaults.columns))
    return people.join(defaults), problems


def _state_by_rows(files: Sequence[MappedFile], people: pd.DataFrame, source: Source) -> pd.Series:
    """Return the state: files without a completion flag show it by their number of rows."""
    complete = pd.Series(True, index=people.index)
    for name, least in source.complete.items():
        rows = pd.concat(
            # A row of a wide file counts once, although it becomes several answers or trials.
            pd.Series(file.frame["participant"].groupby(level=0).first().to_numpy())
            for file in files
            if file.file.declared == name
        )
        complete &= people["participant"].map(rows.value_counts()).fillna(0) >= least
    return complete.map({True: "completed", False: "started"})


def _rows(files: Sequence[MappedFile], within: frozenset[str]) -> tuple[pd.DataFrame, list[str]]:
    if not files:
        return pd.DataFrame(), []
    frame, _, problems = stacked(files, within)
    return frame, problems


def _trials(files: Sequence[MappedFile], within: frozenset[str]) -> tuple[pd.DataFrame, list[str]]:
    """Return the trials of all files in order, and problems.

    A cell that no file contains counts as not asked if its files lack that position, or without
    positions that image, for all participants.
    """
    if not files:
        return pd.DataFrame(columns=["participant", "position"]), []
    trials, keys, problems = stacked(files, within)
    if problems:
        return trials, problems
    place = keys[-1]
    for name in trials.columns.difference(keys):
        having = [file.frame[place] for file in files if name in file.frame]
        asked = trials[place].isin(pd.concat(having))
        kind = asked.map({True: "not_answered", False: "not_asked"})
        trials[name] = trials[name].where(trials[name].notna(), kind)
    trials = trials.drop(columns=ROW, errors="ignore")
    if "position" not in trials:
        # Without a position column, the order in the files is the only order.
        trials["position"] = (trials.groupby("participant").cumcount() + 1).astype(str)
    else:
        lacking = trials["position"].isin(KINDS)
        if lacking.any():
            shown = values_text(trials.loc[lacking, "participant"])
            problems.append(
                f"[source]: trials of {shown} have a position in no file. Map position in all "
                "tables of trials, or in none."
            )
    trials = _in_order(trials)
    return trials, problems + _contradictions(trials)


def _in_order(trials: pd.DataFrame) -> pd.DataFrame:
    place = pd.to_numeric(trials["position"], errors="coerce")
    order = trials.assign(_place=place).sort_values(["participant", "_place"], kind="stable")
    return order.drop(columns="_place").reset_index(drop=True)


def _contradictions(trials: pd.DataFrame) -> list[str]:
    """Fill prediction_correct from the classes, or return where it contradicts them."""
    if not {"true_class", "predicted_class"} <= set(trials):
        return []
    known = ~trials["true_class"].isin(["", *KINDS]) & ~trials["predicted_class"].isin(["", *KINDS])
    same = (trials["true_class"] == trials["predicted_class"]).astype(int).astype(str)
    if "prediction_correct" not in trials:
        trials["prediction_correct"] = same.where(known, "not_asked")
        return []
    stated = pd.to_numeric(trials["prediction_correct"], errors="coerce")
    wrong = known & stated.notna() & (stated != same.astype(int))
    if not wrong.any():
        return []
    named = trials.loc[wrong, "participant"] + " " + trials.loc[wrong, "position"]
    return [
        "[source], column prediction_correct: it must be 1 where true_class equals predicted_class "
        f"and 0 elsewhere, but is not for {values_text(named)} (participant and position). Correct "
        "the files, or do not map prediction_correct."
    ]


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
