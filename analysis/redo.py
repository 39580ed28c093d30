"""Repeat the analysis of a bundle from its data, and compare all results.

On the processor and libraries that the bundle names, every number must be identical. Elsewhere
linear algebra rounds differently, so there every measured number may differ within a tolerance,
while counts, texts and verdicts must still be identical.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose
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
RELATIVE = 1e-6  # tolerance on another processor, as a share of the larger number
ABSOLUTE = 1e-9  # tolerance of numbers near zero, such as the p of a clear difference
OF_MACHINE = ("provenance/numerical_threads", "provenance/processor")
# Figures name their shapes by a hash of ten digits over the shape's coordinates.
NUMBER = re.compile(r"(?<=[-_])[A-Za-z]?[0-9a-f]{10}\b|-?\d*\.?\d+(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Repetition:
    """A repeated analysis: its differences from the bundle, and how exactly it was compared."""

    problems: list[str]
    exactness: str


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
    return repetition(folder).problems


def repetition(folder: Path) -> Repetition:
    """Repeat the analysis and compare it, within the tolerance if the processor is another one."""
    manifest = read_manifest(folder)
    with tempfile.TemporaryDirectory() as place:
        new = Path(place)
        analyse(folder / DATA, new, command=manifest["command"])
        old, again = (_document(place / "results.json") for place in (folder, new))
        machines = _machines(old, again)
        is_same = machines[0] == machines[1]
        compared = compare(old, again)
        problems = compared.problems
        old_page, new_page = ((place / "report.html").read_bytes() for place in (folder, new))
    problems = [*(stopped_before(_read(folder / "results.json")) if problems else []), *problems]
    if not is_same:
        old_page, new_page = (
            _without_numbers(page, machine)
            for page, machine in zip((old_page, new_page), machines, strict=True)
        )
    if not problems and old_page != new_page:
        problems.append("report.html differs from the page that these data and this plan produce.")
    return Repetition(problems, compared.exactness)


def compare(old: Any, again: Any) -> Repetition:
    """Compare two documents of results, within the tolerance if the processors differ."""
    machines = _machines(old, again)
    is_same = machines[0] == machines[1]
    return Repetition(_compared(old, again, exactly=is_same), _exactness(*machines))


def _machines(old: Any, again: Any) -> tuple[str, str]:
    return old["provenance"]["processor"], again["provenance"]["processor"]


def _exactness(old: str, new: str) -> str:
    if old == new:
        return "Every number is identical."
    return (
        f"Every count and text is identical, and every other number agrees within {RELATIVE:g} of "
        f"its size (or {ABSOLUTE:g} near zero). The last digits may differ because this machine "
        f"({new}) is not the one that made the report ({old or 'not recorded'})."
    )


def _without_numbers(page: bytes, machine: str) -> bytes:
    """Return the page without the machine's name and without numbers, which are compared apart.

    A number that lies between two printed values may be rounded to either on another machine.
    """
    text = page.decode("utf-8")
    return NUMBER.sub("", text.replace(machine, "") if machine else text).encode()


def main(folder: Path) -> int:
    """Repeat the analysis, print the differences, and return 0 if there are none, else 1."""
    try:
        again = repetition(folder)
    except AnalysisError as error:
        again = Repetition([str(error)], "")
    if again.problems:
        print("\n".join(again.problems))  # the only output of the script
        return 1
    print(again.exactness)
    return 0


def _compared(old: Any, new: Any, *, exactly: bool) -> list[str]:
    differences = list(_differences(old, new, "", exactly))
    more = [f"… and {len(differences) - SHOWN} more."] if len(differences) > SHOWN else []
    return [*differences[:SHOWN], *more]


def _differences(old: Any, new: Any, place: str, exactly: bool) -> Iterator[str]:
    if place in OF_MACHINE:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            inner = f"{place}/{key}" if place else key
            yield from _differences(old.get(key), new.get(key), inner, exactly)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (entry, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(entry, other, f"{place}/{number}", exactly)
    elif old != new and (exactly or not _is_close(old, new)):
        yield f"results.json, {place}: is {_short(old)}, but the new analysis gives {_short(new)}."


def _is_close(old: Any, new: Any) -> bool:
    """Check whether two measured numbers agree within the tolerance; counts are never close."""
    if not isinstance(old, float) or not isinstance(new, float):
        return False
    return isclose(old, new, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


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
