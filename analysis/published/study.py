"""A published study of the gallery: source, files, plans and printed numbers of study.toml."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import PlanError, TableError
from analysis.published.expressions import ExpressionError, read_expression
from analysis.published.verdicts import PrintedError, read_printed
from analysis.toml.document import read
from analysis.toml.problems import FileProblemsError, Problems
from analysis.toml.typed import read_as
from analysis.toml.value_types import Text

FILE = "study.toml"
TABLES = "tables"
"""Folder with the study's tables, if their licence lets them be given away."""


@dataclass(frozen=True)
class TableFile:
    """A file of the study's data with the SHA-256 of its bytes."""

    name: Text
    sha256: Text


@dataclass(frozen=True)
class PlannedAnalysis:
    """An analysis of the study: the file of its plan, and the data files that it reads."""

    key: Text
    plan: Text


@dataclass(frozen=True)
class PrintedNumber:
    """A number that the paper prints, and how it is recomputed.

    `value` is written as printed, `place` says where. `recomputed` is an expression on the results
    of `analysis` (see expressions.py). `cause` explains a number that is wrong in the paper, and
    `slip` is the expression that gives the printed number. `unknown` says why a number cannot be
    recomputed. `script` is the name under which benchmarks/published.R prints a number that no plan
    computes; `recomputed` is then that number. `note` says more about a number that differs.
    """

    claim: Text
    place: Text
    value: Text
    analysis: str = ""
    recomputed: str = ""
    slip: str = ""
    cause: str = ""
    unknown: str = ""
    script: str = ""
    note: str = ""


@dataclass(frozen=True)
class PublishedStudy:
    """A study of the gallery.

    `fetch` says how to get the files, and `numbers_from` which version of the paper the printed
    numbers were taken from.
    """

    title: Text
    citation: Text
    paper: Text
    data: Text
    licence: Text
    fetch: Text
    numbers_from: Text
    files: tuple[TableFile, ...]
    analyses: tuple[PlannedAnalysis, ...]
    printed: tuple[PrintedNumber, ...]


def read_published(folder: Path) -> PublishedStudy:
    """Return the study in the folder's study.toml. Raises PlanError with every problem."""
    text = (folder / FILE).read_text(encoding="utf-8")
    try:
        document = read(text, FILE, FileProblemsError)
    except FileProblemsError as error:
        raise PlanError([f"{FILE}: {problem}" for problem in error.problems]) from error
    study = read_as(PublishedStudy, document.values, document.problems)
    _check(study, folder, document.problems)
    if document.problems:
        raise PlanError([f"{FILE}, {problem}" for problem in document.sentences()])
    return study


def _check(study: PublishedStudy, folder: Path, problems: Problems) -> None:
    """Report every rule that the study breaks."""
    keys = [analysis.key for analysis in study.analyses]
    for number, analysis in enumerate(study.analyses):
        if not (folder / analysis.plan).is_file():
            said = f"there is no plan {analysis.plan!r} beside {FILE}. Write it, or correct plan."
            problems.add(("analyses", number, "plan"), said)
        if analysis.key in keys[:number]:
            said = f"the analysis {analysis.key!r} is listed twice. Rename one."
            problems.add(("analyses", number, "key"), said)
    for number, printed in enumerate(study.printed):
        for key, said in _problems(printed, keys):
            problems.add(("printed", number, key), f"{printed.claim!r}: {said}")


def _problems(printed: PrintedNumber, analyses: list[str]) -> list[tuple[str, str]]:
    """Return the key and a sentence for each rule that a printed number breaks."""
    problems = []
    try:
        read_printed(printed.value)
    except PrintedError as error:
        problems.append(("value", str(error)))
    for key in ("recomputed", "slip"):
        try:
            if getattr(printed, key):
                read_expression(getattr(printed, key))
        except ExpressionError as error:
            problems.append((key, str(error)))
    if bool(printed.recomputed) == bool(printed.unknown):
        said = "give either recomputed, or in unknown the reason why it cannot be recomputed."
        problems.append(("recomputed" if printed.recomputed else "claim", said))
    if bool(printed.slip) != bool(printed.cause):
        said = "slip needs a cause in words, and cause an expression slip that shows it."
        problems.append(("slip" if printed.slip else "cause", said))
    if printed.recomputed and printed.analysis not in analyses:
        listed = ", ".join(map(repr, analyses))
        problems.append(("analysis", f"{printed.analysis!r} is not an analysis: {listed}."))
    return problems


def check_files(study: PublishedStudy, folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of the study in the folder.

    Raises TableError with every file that is missing or that has other bytes, and where to fetch
    the files.
    """
    problems = []
    hashes = {}
    for file in study.files:
        path = folder / file.name
        if not path.is_file():
            problems.append(f"{file.name} is missing from {folder}.")
            continue
        hashes[file.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        if hashes[file.name] != file.sha256:
            problems.append(
                f"{file.name} has the SHA-256 {hashes[file.name]}, but the printed numbers were "
                f"compared with {file.sha256}. Fetch the file again."
            )
    if problems:
        raise TableError([*problems, f"How to get the files: {study.fetch}"])
    return hashes
