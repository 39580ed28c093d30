"""The tidy data folder, checked on reading, so that later code need not check it again."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import TableError
from analysis.plan.plan import Plan
from analysis.plan.reading import plan_hash, read_plan_file
from analysis.plan.tables import Exclusion
from analysis.study_data import consistency
from analysis.study_data.columns import BLOCKS, FILES, FORMER_STATES, Column
from analysis.study_data.csv_files import (
    EXPORT_AGAIN,
    convert,
    kinds_of_missing,
    missing_columns,
    read_text,
    with_late_columns,
)
from analysis.study_data.decisions import with_decisions
from analysis.study_data.exclusions.apply import Exclusions, apply_exclusions
from analysis.study_data.exclusions.by_hand import problems_with_list, rules_by_hand
from analysis.study_data.formulas import unguarded
from analysis.study_data.looks_and_maps import read_looks
from analysis.study_data.map_evaluation import FILE as EVALUATION
from analysis.study_data.map_evaluation import evaluation_path, read_evaluation
from analysis.study_data.numerics import with_analysis_settings
from analysis.study_data.other_studies.file_columns import FileColumns, columns_of_files
from analysis.study_data.other_studies.joining import read_source
from analysis.study_data.other_studies.unmapped_identifiers import unmapped_identifiers
from analysis.study_data.plan_columns import problems_with_table
from analysis.study_data.row_order import Rows, fixed_order
from analysis.study_data.tables import StudyTables
from analysis.study_data.times import time_problems, with_parts


@dataclass(frozen=True)
class StudyData(StudyTables):
    """A study's checked tables and plan, with the files behind them.

    `manifest` and `study` are empty if the folder has no such file. The rows of the tables are in a
    fixed order (row_order); `file_rows` gives by file their places in the file.
    """

    manifest: Mapping[str, Any]
    study: Mapping[str, Any]
    hashes: Mapping[str, str]  # SHA-256 by file name; the plan's is always under plan.toml
    plan_sha256: str = ""  # of the plan's content (reading.plan_hash)
    registered: Mapping[str, Any] | None = None  # the registered plan, if it is a separate plan
    evaluation: pd.DataFrame | None = None  # evaluation of the maps, if available
    looks: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # looks_and_maps, if planned
    unread_plan: str = ""  # why the folder's own plan cannot be compared with the plan
    identifiers: tuple[pd.DataFrame, ...] = ()  # columns that seem to name people, unmapped
    files: tuple[FileColumns, ...] = ()  # files of another study, with columns that are not mapped
    file_rows: Mapping[str, Rows] = field(default_factory=dict)

    @cached_property
    def in_file_order(self) -> "StudyData":
        """Return the study with the rows in the order of the files, which may show a fault."""
        if all((np.diff(rows) > 0).all() for rows in self.file_rows.values()):
            return self
        return replace(
            self,
            participants=self._by_file("participants.csv", self.participants),
            trials=self._by_file("trials.csv", self.trials),
            answers=self._by_file("answers.csv", self.answers),
            missing={name: self._by_file(name, kinds) for name, kinds in self.missing.items()},
            file_rows={},
        )

    def _by_file(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        rows = self.file_rows.get(name)
        if rows is None or len(rows) != len(frame):  # made, not read, or a part of the rows
            return frame
        return frame.iloc[np.argsort(rows, kind="stable")].reset_index(drop=True)

    @cached_property
    def rules(self) -> tuple[Exclusion, ...]:
        """Return the plan's exclusion rules, then those of the participants excluded by hand."""
        return (*self.plan.exclusions, *rules_by_hand(self.manifest))

    @cached_property
    def exclusions(self) -> Exclusions:
        """Return the rules as applied to the tables, computed once."""
        return apply_exclusions(self, self.rules)

    @property
    def simulated(self) -> bool:
        """Return whether any participant is simulated."""
        return bool((self.participants["simulated"] == 1).any())

    @cached_property
    def erased(self) -> Mapping[str, int] | None:
        """Return the number of erased participants by arm, or None if the export lacks it.

        No table has their rows: the export's manifest contains their numbers.
        """
        counts = self.manifest.get("withdrawn_and_deleted")
        if not isinstance(counts, dict):
            return None
        return {arm: int(counts.get(arm, 0)) for arm in self.plan.arms}

    @cached_property
    def labels(self) -> dict[str, str]:
        """Return the label by arm in the plan's order.

        An arm without participants has its label in the study file, or else its key.
        """
        named = self.participants.drop_duplicates("arm").set_index("arm")["arm_label"]
        declared = _declared_labels(self.study)
        return {arm: str(named.get(arm, declared.get(arm, arm))) for arm in self.plan.arms}


@with_analysis_settings
def read_study(folder: Path, plan: Path | None = None, evaluation: Path | None = None) -> StudyData:
    """Read and check a tidy data folder.

    `plan` replaces its plan.toml. `evaluation` is the evaluation of the maps and defaults to the
    folder's evaluation.csv. A plan with [source] maps CSV files of another study, which `folder`
    contains or is. Raises TableError, or PlanError for the plan file, with every problem: first
    missing files and columns, then types, then rules between rows, files and plan.
    """
    path = plan or plan_path(folder)
    plan_file = read_plan_file(path)
    parsed_plan = plan_file.plan()
    # Types come before consistency, because rows can be compared only in their types.
    texts, hashes = _texts(folder, parsed_plan)
    frames = _typed_frames(texts, foreign=parsed_plan.source is not None)
    frames["answers.csv"] = with_parts(frames["answers.csv"])
    manifest, problems = _read_manifest(folder)
    problems += consistency.between_files(frames)
    problems += consistency.unknown_arms(frames["participants.csv"], parsed_plan.arms)
    unmet = problems_with_table(parsed_plan, frames["codebook.csv"])
    unmet += time_problems(parsed_plan, frames["answers.csv"], frames["codebook.csv"])
    problems += plan_file.told(unmet)
    problems += _mixture(frames["participants.csv"], parsed_plan)
    measured, measured_hash = _evaluation(evaluation or folder / EVALUATION)
    looks = read_looks(folder) if parsed_plan.attention_maps is not None else {}
    study, new_problems = _read_study_file(folder)
    problems += new_problems
    if problems:
        raise TableError(problems)
    missing = _missing(texts, frames["codebook.csv"])
    rows = fixed_order(frames, parsed_plan)
    # Line numbers were the index; with empty lines in a file, they are not consecutive.
    frames, missing = (
        {
            name: (frame.iloc[rows[name]] if name in rows else frame).reset_index(drop=True)
            for name, frame in tables.items()
        }
        for tables in (frames, missing)
    )
    return StudyData(
        frames["participants.csv"],
        with_decisions(frames["trials.csv"], foreign=parsed_plan.source is not None),
        frames["answers.csv"],
        frames["codebook.csv"],
        missing,
        parsed_plan,
        manifest,
        study,
        {
            **hashes,
            "plan.toml": _sha256(path),
            **measured_hash,
            **{name: _sha256(folder / name) for name in looks},
        },
        plan_hash(plan_file.document),
        evaluation=measured,
        looks=looks,
        identifiers=unmapped_identifiers(folder, parsed_plan),
        files=columns_of_files(folder, parsed_plan),
        file_rows=rows,
    )


def plan_path(folder: Path) -> Path:
    """Return the path of the plan that belongs to a data folder or to a single file."""
    return (folder.parent if folder.is_file() else folder) / "plan.toml"


def _texts(folder: Path, plan: Plan) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return text frames and hashes by file name, of this platform's export or another study."""
    if plan.source is not None:
        return read_source(folder, plan)
    frames = _text_frames(folder)
    present = [name for name in (*FILES, BLOCKS) if (folder / name).exists()]
    return frames, {name: _sha256(folder / name) for name in present}


def _evaluation(path: Path) -> tuple[pd.DataFrame | None, dict[str, str]]:
    """Return the evaluation and its hash, or nothing if it is neither named nor in the folder."""
    file = evaluation_path(path)
    if file.name == EVALUATION and not file.is_file():
        return None, {}
    return read_evaluation(file), {EVALUATION: _sha256(file)}


def _declared_labels(study: Mapping[str, Any]) -> dict[str, str]:
    """Return the label by arm in the study file, which another study does not have."""
    arms = study.get("arms", [])
    if not isinstance(arms, list):
        return {}
    return {
        str(arm["key"]): str(arm["label"])
        for arm in arms
        if isinstance(arm, dict) and "key" in arm and "label" in arm
    }


def _missing(texts: Mapping[str, pd.DataFrame], codebook: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {
        name: kinds_of_missing(texts[name], _columns(name, texts[name], codebook, foreign=True))
        for name in ("trials.csv", "answers.csv")
    }


def _text_frames(folder: Path) -> dict[str, pd.DataFrame]:
    if not folder.is_dir():
        raise TableError([f"The folder {folder.name!r} does not exist. {EXPORT_AGAIN}."])
    frames, problems = {}, []
    for name, columns in FILES.items():
        frame, new_problems = read_text(folder / name, cell=unguarded)
        problems += new_problems
        if frame is not None:
            problems += missing_columns(name, frame, columns)
            frames[name] = with_late_columns(frame, columns)
    if (folder / BLOCKS).exists():
        frame, new_problems = read_text(folder / BLOCKS, cell=unguarded)
        problems += new_problems
        if frame is not None and not problems:
            frames["answers.csv"] = pd.concat([frames["answers.csv"], frame], ignore_index=True)
    if problems:
        raise TableError(_blinded(folder) or problems)
    people = frames["participants.csv"]
    frames["participants.csv"] = people.assign(state=people["state"].replace(FORMER_STATES))
    return {name: frame.fillna("") for name, frame in frames.items()}


def _blinded(folder: Path) -> list[str]:
    """Return why an export has no arms, if it was made before the study was unblinded."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # absent, or reported elsewhere
        return []
    keys = ("arms_blinded", "arms_concealed")  # the second in exports before the first
    if not isinstance(manifest, dict) or not any(manifest.get(key) is True for key in keys):
        return []
    return [
        "The data were exported before the study was unblinded, so they lack the arms. Unblind it "
        "with manage.py unblind_study SLUG --reason TEXT, and export it again."
    ]


def _typed_frames(texts: Mapping[str, pd.DataFrame], foreign: bool) -> dict[str, pd.DataFrame]:
    codebook, problems = convert("codebook.csv", texts["codebook.csv"], FILES["codebook.csv"])
    frames = {"codebook.csv": codebook}
    for name in ("participants.csv", "trials.csv", "answers.csv"):
        columns = _columns(name, texts[name], codebook, foreign)
        frames[name], new_problems = convert(name, texts[name], columns)
        problems += new_problems
    if problems:
        raise TableError(problems)
    return frames


def _columns(name: str, frame: pd.DataFrame, codebook: pd.DataFrame, foreign: bool) -> list[Column]:
    """Return the schema's columns and the file's other columns, typed by the codebook.

    Another study need not have recorded everything that this platform records, so there every
    column may be empty.
    """
    rows = codebook[(codebook["file"] == name) & codebook["item"].isna()]
    cells = (rows[name].to_list() for name in ("column", "type", "minimum", "maximum"))
    described = {
        column: Column(column, kind, True, _bound(minimum), _bound(maximum))
        for column, kind, minimum, maximum in zip(*cells, strict=True)
        if column in frame.columns
    }
    known = [_narrowed(column, described.pop(column.name, column)) for column in FILES[name]]
    columns = [*known, *described.values()]
    return [replace(column, optional=True) for column in columns] if foreign else columns


def _narrowed(column: Column, described: Column) -> Column:
    """Return the schema's column with the study's range where the schema has none."""
    minimum = described.minimum if column.minimum is None else column.minimum
    maximum = described.maximum if column.maximum is None else column.maximum
    return replace(column, minimum=minimum, maximum=maximum)


def _bound(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _mixture(participants: pd.DataFrame, plan: Plan) -> list[str]:
    simulated = int((participants["simulated"] == 1).sum())
    real = int((participants["simulated"] == 0).sum())
    if not simulated or not real or plan.mix_simulated_and_real:
        return []
    return [
        f"participants.csv, column simulated: {simulated} simulated and {real} real participants "
        "are in one table. Export only one kind (run_analysis exports real participants unless "
        "given --simulated-only), or set mix_simulated_and_real = true in the plan."
    ]


def _read_manifest(folder: Path) -> tuple[dict[str, Any], list[str]]:
    path = folder / "manifest.json"
    if not path.exists():
        return {}, []
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files = {name: entry["sha256"] for name, entry in manifest.get("files", {}).items()}
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        return {}, [f"manifest.json cannot be read ({error!r}). {EXPORT_AGAIN}."]
    return manifest, [
        *problems_with_list(manifest),
        *_changed_files(folder, files),
    ]


def _changed_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    return [
        f"{name} is not the file that manifest.json describes: its sha256 is "
        f"{_sha256(folder / name)[:12]}…, not {expected[:12]}…. {EXPORT_AGAIN}; after a change on "
        "purpose, delete manifest.json, and the report will state that the data have none."
        for name, expected in files.items()
        if name in (*FILES, BLOCKS) and _sha256(folder / name) != expected
    ]


def _read_study_file(folder: Path) -> tuple[dict[str, Any], list[str]]:
    path = folder / "study.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), []
    except (FileNotFoundError, NotADirectoryError):  # absent, or the table is a single file
        return {}, []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return {}, [f"study.toml cannot be read as TOML ({error}). {EXPORT_AGAIN}."]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
