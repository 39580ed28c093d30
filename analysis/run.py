"""The complete analysis of a tidy data folder, from its files to the report."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from analysis.errors import PlanError, ReportError
from analysis.failures import Failures
from analysis.figures.draw import draw_figures
from analysis.plan.reading import read_document
from analysis.report.paper.word import write_word
from analysis.report.pdf import write_pdf
from analysis.report.render import render_report
from analysis.reproduction.bundle import (
    REGISTERED,
    UNREAD,
    clear,
    csv_text,
    files_in,
    write_inputs,
    write_manifest,
    write_text,
)
from analysis.reproduction.p_values import recomputed
from analysis.reproduction.report_check import check_page
from analysis.reproduction.results_schema import FILE as SCHEMA_FILE
from analysis.reproduction.results_schema import validate
from analysis.results import Results, compute, to_json
from analysis.sections.deviations import hold_to
from analysis.study_data.numerics import with_analysis_settings
from analysis.study_data.pictures import read_pictures
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import StudyData, plan_path, read_study


@with_analysis_settings
def analyse(
    folder: Path,
    output: Path,
    *,
    plan: Path | None = None,
    registered: Path | None = None,
    evaluation: Path | None = None,
    command: str = "analysis.run.analyse",
    pdf: bool = False,
    word: bool = False,
    told: Callable[[str], None] = lambda step: None,
) -> Results:
    """Read `folder`, carry out its plan (or `plan`), and write the results to `output`.

    Writes results.json with its schema, scores.csv, figures, report.html (which names `command` as
    its origin), report.pdf if `pdf`, report.docx if `word`, the data, redo.py and bundle.json. A
    part that fails with an unexpected error is marked in the report and listed in the results'
    `failures`; the caller must not treat such a run as a success. `registered` is the plan as
    preregistered; it defaults to the folder's plan, if valid, where `plan` replaces that.
    `evaluation` is the evaluation of the maps. `told` is called with each step of the work.
    Raises TableError or PlanError before anything is written, ReportError before a page with a
    wrong p is written, and PdfError after everything else.
    """
    told("reading")
    data = _with_registered(read_study(folder, plan, evaluation), folder, plan, registered)
    scores = score_table(data)
    results = compute(data, scores, told)
    # Everything is computed and checked before the first file is written.
    _check_results(to_json(results))
    output.mkdir(parents=True, exist_ok=True)
    clear(output)
    before = set(files_in(output))
    told("drawing")
    figures, broken = draw_figures(results, scores, output / "figures")
    failures = Failures([*results.failures, *broken])
    pictures = read_pictures(folder)
    html = render_report(results, figures, command, "screen", failures, pictures)
    results = replace(results, failures=tuple(failures.found))
    write_text(output / "results.json", to_json(results))
    shutil.copyfile(SCHEMA_FILE, output / SCHEMA_FILE.name)
    write_text(output / "scores.csv", csv_text(scores))
    write_inputs(data, folder, plan or plan_path(folder), output, evaluation)
    _check_page(html)
    write_text(output / "report.html", html)
    if word:
        told("word")
        write_word(results, figures, output)
    try:
        if pdf:
            told("printing")
            write_pdf(render_report(results, figures, command, "print", pictures=pictures), output)
    finally:
        ours = {name for name in files_in(output) if name not in before or name.startswith("data/")}
        write_manifest(output, {"command": command}, ours)
    return results


def _with_registered(
    data: StudyData, folder: Path, plan: Path | None, registered: Path | None
) -> StudyData:
    """Return the data with the plan that the analysis is compared with: as given, or the folder's.

    The folder's own plan.toml may be broken if `plan` replaces it: then nothing is compared.
    """
    folder_plan = plan_path(folder)
    named = registered or folder_plan.with_name(REGISTERED)
    if registered is not None or named.is_file():
        return hold_to(data, read_document(named))
    unread = folder_plan.with_name(UNREAD)
    if unread.is_file():
        return replace(data, unread_plan=unread.read_text(encoding="utf-8").strip())
    if plan is None or not folder_plan.is_file() or folder_plan.resolve() == plan.resolve():
        return data
    try:
        return hold_to(data, read_document(folder_plan))
    except PlanError as error:
        return replace(data, unread_plan=error.problems[0])


def _check_results(text: str) -> None:
    """Check that results.json fits its schema and that every p matches its statistic."""
    document = json.loads(text)
    validate(document)
    wrong = [entry.sentence for entry in recomputed(document) if entry.outcome == "wrong"]
    if wrong:
        raise ReportError(wrong)


def _check_page(html: str) -> None:
    """Check every test and interval of the finished page, as read from its text."""
    problems = check_page(html).problems
    if problems:
        raise ReportError(problems)
