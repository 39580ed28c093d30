"""The folder of a report, with data, results, and the script that repeats the analysis."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from analysis.errors import BundleError, ReportError
from analysis.study_data.csv_files import guarded_csv
from analysis.study_data.map_evaluation import FILE as EVALUATION
from analysis.study_data.map_evaluation import evaluation_path
from analysis.study_data.pictures import FOLDER as PICTURES
from analysis.study_data.pictures import read_pictures
from analysis.study_data.study_data import StudyData

MANIFEST, DATA, TIDY, REGISTERED = "bundle.json", "data", "tidy", "registered.json"
UNREAD = "unread_plan.txt"  # why the plan in the folder of the data was not compared
BESIDE = ("plan.toml", "study.toml", "manifest.json")  # further files of this platform's export
REDO = '''"""Repeat this analysis from the folder data/ alone, and compare every number.

The folder of the platform must be on Python's path:

    PYTHONPATH=/path/to/the/platform python redo.py

Exit status 0: results.json and the text of the report are identical, to the last digit on the
processor that made the report, and within the tolerance that the script prints on another one.
"""

import sys
from pathlib import Path

try:
    from analysis.redo import main
except ImportError as error:
    sys.exit(f"The platform is not on Python's path ({error}). Set PYTHONPATH to its folder.")

sys.exit(main(Path(__file__).resolve().parent))
'''


def write_inputs(
    data: StudyData, folder: Path, plan: Path, output: Path, evaluation: Path | None = None
) -> None:
    """Write data/ (the files as read, with the plan) and redo.py.

    For a study from elsewhere, tidy/ also receives the tidy tables that its files became.
    """
    place = output / DATA
    place.mkdir(parents=True, exist_ok=True)
    # A plan given separately replaces the folder's plan, so it is copied under that name.
    source = folder if folder.is_dir() else folder.parent
    named = {"plan.toml": plan}
    if evaluation is not None:
        named[EVALUATION] = evaluation_path(evaluation)
    for name in [*data.hashes, *BESIDE]:
        _copy(named.get(name, source / name), place / _inside(name))
    pictures = read_pictures(source)
    for path in (place / PICTURES).glob("*.png"):
        if path.stem not in pictures:
            path.unlink()  # of an earlier report in this folder
    for name in pictures:
        _copy(source / PICTURES / f"{name}.png", place / PICTURES / f"{name}.png")
    if data.plan.source is not None:
        tidy = output / TIDY
        tidy.mkdir(exist_ok=True)
        frames = (data.participants, data.trials, data.answers, data.codebook)
        names = ("participants.csv", "trials.csv", "answers.csv", "codebook.csv")
        for name, frame in zip(names, frames, strict=True):
            write_text(tidy / name, csv_text(frame))
    registered = ""
    if data.registered is not None:
        registered = json.dumps(data.registered, indent=1, sort_keys=True)
    for name, text in ((REGISTERED, registered), (UNREAD, data.unread_plan)):
        # Files of an earlier report in this folder would be taken for those of this one.
        (place / name).unlink(missing_ok=True)
        if text:
            write_text(place / name, text + "\n")
    write_text(output / "redo.py", REDO)


def write_manifest(output: Path, made: Mapping[str, Any], names: Iterable[str]) -> None:
    """Write bundle.json, with the origin of the bundle and the SHA-256 of each file by name."""
    files = {name: _sha256(output / name) for name in sorted(set(names))}
    text = json.dumps({**made, "files": files}, indent=1, sort_keys=True, ensure_ascii=False)
    write_text(output / MANIFEST, text + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return bundle.json. Raises BundleError, with the cure, if it cannot be read."""
    cure = "Name a folder that run_analysis wrote."
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        named = manifest["files"]
    except (FileNotFoundError, NotADirectoryError) as error:
        said = f"{folder} does not exist"
        if folder.exists():
            said = f"{folder} {'has no ' + MANIFEST if folder.is_dir() else 'is not a folder'}"
        raise BundleError([f"{said}. {cure}"]) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError([f"{path} cannot be read ({error!r}). {cure}"]) from error
    if not isinstance(named, dict):
        raise BundleError([f"{path}: files is not a table of names and hashes. {cure}"])
    return manifest


def clear(output: Path) -> None:
    """Remove the files of an earlier bundle, and only those."""
    if not (output / MANIFEST).is_file():
        return
    for name in read_manifest(output)["files"]:
        path = output / _inside(name)
        if not path.is_relative_to(output / DATA):  # this analysis may be reading the data
            path.unlink(missing_ok=True)
    (output / MANIFEST).unlink()


def files_in(output: Path) -> list[str]:
    """Return the name of every file in the folder except the manifest, as in the manifest."""
    paths = (path.relative_to(output) for path in output.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if path.as_posix() != MANIFEST)


def changed(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Return one sentence per file that is missing or differs from the file written."""
    problems = []
    for name, expected in manifest["files"].items():
        path = folder / _inside(name)
        if not path.is_file():
            problems.append(f"{name} is missing.")
        elif _sha256(path) != expected:
            problems.append(f"{name} was changed after it was written: its SHA-256 differs.")
    return problems


def csv_text(frame: pd.DataFrame) -> str:
    """Return the frame as CSV, formatted as in every bundle, with guarded formulas."""
    return guarded_csv(frame)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with line feeds on every system."""
    path.write_text(text, encoding="utf-8", newline="\n")


def _inside(name: str) -> PurePosixPath:
    """Return the name as a path inside the bundle. Raises ReportError if it leads outside."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ReportError([f"The file name {name!r} leads outside the folder. Rename the file."])
    return path


def _copy(source: Path, target: Path) -> None:
    if source.is_file() and source.resolve() != target.resolve():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
