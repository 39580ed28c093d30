"""The table of a published study: each printed number, the number recomputed, and the verdict."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.errors import PlanError
from analysis.published.expressions import ExpressionError, read_expression
from analysis.published.study import FILE, PrintedNumber, PublishedStudy, check_files
from analysis.published.table import TABLE, Comparison, table_text
from analysis.published.verdicts import Verdict, compare, read_printed, shown
from analysis.reproduction.bundle import write_text
from analysis.results import SCHEMA
from analysis.run import analyse

STAMP = "inputs.sha256"
"""Hash of the plan and of the data in the folder of an analysis: it is not repeated for them."""
SCRIPT = "benchmarks/published.R"
DATA = "reproduction.json"


def reproduce(
    study: PublishedStudy,
    folder: Path,
    data: Path,
    output: Path,
    *,
    command: str,
    pdf: bool = False,
    told: Callable[[str], None] = lambda step: None,
) -> tuple[Comparison, ...]:
    """Check the files, carry out the study's plans, and write the reports and the table.

    `folder` contains study.toml and its plans, `data` the files. A plan that was carried out before
    for these data is not carried out again. Raises TableError if files are missing or have other
    bytes, and whatever analyse raises.
    """
    hashes = check_files(study, data)
    results = {}
    for number, planned in enumerate(study.analyses, 1):
        told(f"{planned.key}, analysis {number} of {len(study.analyses)}")
        place, plan = output / planned.key, folder / planned.plan
        stamp = _stamp(plan, hashes)
        if not _is_finished(place, stamp):
            analyse(data, place, plan=plan, command=command, pdf=pdf)
            write_text(place / STAMP, stamp)
        results[planned.key] = json.loads((place / "results.json").read_text(encoding="utf-8"))
    compared = _all_compared(study, results)
    write_text(output / TABLE, table_text(study, compared))
    write_text(output / DATA, json.dumps([asdict(row) for row in compared], indent=1) + "\n")
    return compared


def _stamp(plan: Path, hashes: Mapping[str, str]) -> str:
    """Return a hash of all that an analysis depends on, except the programs."""
    said = json.dumps([SCHEMA, plan.read_text(encoding="utf-8"), sorted(hashes.items())])
    return hashlib.sha256(said.encode()).hexdigest()


def _is_finished(place: Path, stamp: str) -> bool:
    # The stamp is written last, so that an interrupted analysis has none.
    path = place / STAMP
    return path.is_file() and path.read_text(encoding="utf-8") == stamp


def _all_compared(study: PublishedStudy, results: Mapping[str, Any]) -> tuple[Comparison, ...]:
    """Return the verdict on each printed number.

    Raises PlanError with every expression that names no number of the results.
    """
    compared, problems = [], []
    for printed in study.printed:
        try:
            compared.append(compared_with(printed, results))
        except ExpressionError as error:
            problems.append(f"{FILE}, {printed.claim!r}: {error} Correct recomputed or slip.")
    if problems:
        raise PlanError(problems)
    return tuple(compared)


def compared_with(printed: PrintedNumber, results: Mapping[str, Any]) -> Comparison:
    """Return the verdict on a printed number by the results of each analysis.

    A named slip counts only if its expression gives the printed number. Raises ExpressionError if
    an expression names no number.
    """
    given = (printed.claim, printed.place, printed.value)
    if printed.unknown:
        return Comparison(*given, "", Verdict.UNKNOWN, printed.unknown)
    number = read_printed(printed.value)
    value = read_expression(printed.recomputed).on(results[printed.analysis])
    verdict, reason = compare(number, value), ""
    if printed.script:
        reason = f"computed by {SCRIPT}"
    if printed.slip and verdict is not Verdict.EQUAL:
        slip = read_expression(printed.slip).on(results[printed.analysis])
        if compare(number, slip) is Verdict.EQUAL:
            verdict, reason = Verdict.SLIP, printed.cause
    if printed.note and verdict is Verdict.DIFFERS:
        reason = "; ".join(filter(None, (printed.note, reason)))
    return Comparison(*given, shown(number, value), verdict, reason)
