"""Repeat the analysis of a bundle from its data, and compare all results."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError, ReportError
from analysis.reproduction.bundle import DATA, changed, read_manifest
from analysis.reproduction.old_results import in_todays_words, stopped_before
from analysis.reproduction.p_values import recomputed
from analysis.reproduction.report_check import check_page
from analysis.reproduction.results_schema import validate
from analysis.run import analyse

SHOWN = 20


def check(folder: Path) -> list[str]:
    """Check the bundle in `folder` and return one sentence per problem, none if there is none.

    It checks the files against their hashes, results.json against its schema, every p against its
    statistic in results.json and on the page, and everything against a new analysis.
    """
    manifest = read_manifest(folder)
    problems = changed(folder, manifest)
    document = _document(folder / "results.json")
    # Every check runs even if an earlier one fails, so that all problems are reported together.
    try:
        validate(document)
    except ReportError as error:
        problems += error.problems
    problems += [p.sentence for p in recomputed(document) if p.outcome == "wrong"]
    problems += check_page((folder / "report.html").read_text(encoding="utf-8")).problems
    try:
        return problems + redo(folder)
    except AnalysisError as error:
        return [*problems, str(error)]


def redo(folder: Path) -> list[str]:
    """Return the differences between the bundle's results.json and report.html and new ones."""
    manifest = read_manifest(folder)
    with tempfile.TemporaryDirectory() as place:
        new = Path(place)
        analyse(folder / DATA, new, command=manifest["command"])
        problems = _compared(_document(folder / "results.json"), _document(new / "results.json"))
        old_page, new_page = ((place / "report.html").read_bytes() for place in (folder, new))
    problems = [*(stopped_before(_read(folder / "results.json")) if problems else []), *problems]
    if not problems and old_page != new_page:
        problems.append("report.html differs from the page that these data and this plan produce.")
    return problems


def main(folder: Path) -> int:
    """Repeat the analysis, print the differences, and return 0 if there are none, else 1."""
    try:
        problems = redo(folder)
    except AnalysisError as error:
        problems = [str(error)]
    if problems:
        print("\n".join(problems))  # the only output of the script
        return 1
    print("Every number is identical.")
    return 0


def _compared(old: Any, new: Any) -> list[str]:
    differences = list(_differences(old, new, ""))
    more = [f"… and {len(differences) - SHOWN} more."] if len(differences) > SHOWN else []
    return [*differences[:SHOWN], *more]


def _differences(old: Any, new: Any, place: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key), new.get(key), f"{place}/{key}" if place else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (entry, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(entry, other, f"{place}/{number}")
    elif old != new:
        yield f"results.json, {place}: is {_short(old)}, but the new analysis gives {_short(new)}."


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 80 else f"{text[:77]}…"


def _document(path: Path) -> Any:
    return in_todays_words(_read(path))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(
            [f"{path.name} cannot be read ({error}). Run the analysis again to write a new one."]
        ) from error
