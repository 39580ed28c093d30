"""The analysis of a bundle carried out again from its own data, and everything compared."""

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
    """What is wrong with the bundle in `folder`: one sentence each, none if all is well.

    Its files against their hashes; results.json against its schema, and its p against their
    statistics; the same of the page's printed numbers; and all of it against a new analysis.
    """
    manifest = read_manifest(folder)
    problems = changed(folder, manifest)
    document = _document(folder / "results.json")
    try:
        validate(document)
    except ReportError as error:
        problems += error.problems
    problems += [one.sentence for one in recomputed(document) if one.outcome == "wrong"]
    problems += check_page((folder / "report.html").read_text(encoding="utf-8")).problems
    try:
        return problems + redo(folder)
    except AnalysisError as error:
        return [*problems, str(error)]


def redo(folder: Path) -> list[str]:
    """Differences between the bundle's results.json and report.html and those made now."""
    manifest = read_manifest(folder)
    with tempfile.TemporaryDirectory() as place:
        new = Path(place)
        analyse(folder / DATA, new, command=manifest["command"])
        problems = _compared(_document(folder / "results.json"), _document(new / "results.json"))
        old_page, new_page = ((one / "report.html").read_bytes() for one in (folder, new))
    problems = [*(stopped_before(_read(folder / "results.json")) if problems else []), *problems]
    if not problems and old_page != new_page:
        problems.append("report.html is not the page that these data and this plan give.")
    return problems


def main(folder: Path) -> int:
    """Redo the bundle, print what differs; 0 if nothing does."""
    try:
        problems = redo(folder)
    except AnalysisError as error:
        problems = [str(error)]
    if problems:
        print("\n".join(problems))  # the script's whole output
        return 1
    print("Every number came out the same.")
    return 0


def _compared(old: Any, new: Any) -> list[str]:
    found = list(_differences(old, new, ""))
    more = [f"… and {len(found) - SHOWN} more."] if len(found) > SHOWN else []
    return [*found[:SHOWN], *more]


def _differences(old: Any, new: Any, place: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key), new.get(key), f"{place}/{key}" if place else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(one, other, f"{place}/{number}")
    elif old != new:
        yield f"results.json, {place}: {_short(old)} stands there, {_short(new)} comes out now."


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 80 else f"{text[:77]}…"


def _document(path: Path) -> Any:
    return in_todays_words(_read(path))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError([f"{path.name} cannot be read: {error}."]) from error
