"""manage.py run_analysis SLUG | --table FOLDER, --output DIR: from a study to its report.

run_analysis --check DIR compares a finished report with its data, hashes and statistics.
"""

from argparse import ArgumentParser
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from analysis.errors import AnalysisError
from analysis.redo import check
from analysis.report.pdf import PdfError
from analysis.reproduction.bundle import clear
from analysis.results import Results
from analysis.run import analyse
from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.management.outputs import folder_in_progress
from explanations.management.progress import working
from studyplatform.computations.study_analysis import export_to_analyse
from surveys.export.folder import ExportError, check_place
from surveys.export.writing import Simulated
from surveys.models import DataCopy, Study
from surveys.services.copies import noted


class Command(DatabaseCommand):
    """Analysis of a study or a folder of tables, or check of a finished report."""

    help = (
        "Analyses a study or a folder of tidy tables: results.json, report.html, report.pdf, "
        "report.docx, figures, data, and a script that repeats the analysis. Or checks an existing "
        "report."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument(
            "slug",
            nargs="?",
            type=arguments.name,
            metavar="SLUG",
            help="study to export and analyse",
        )
        source.add_argument(
            "--table",
            type=arguments.input_path,
            metavar="FOLDER|CSV",
            help="a tidy folder, or any csv files with a plan that maps them",
        )
        source.add_argument(
            "--check",
            type=arguments.input_folder,
            metavar="DIR",
            help="recompute the report in DIR from its data and list the differences",
        )
        parser.add_argument(
            "--plan", type=arguments.text_file, help="plan.toml that replaces the folder's plan"
        )
        parser.add_argument(
            "--registered",
            type=arguments.text_file,
            metavar="FILE",
            help="the preregistered plan: deviations are listed, and outcomes that it lacks are "
            "exploratory",
        )
        parser.add_argument(
            "--evaluation",
            type=arguments.input_folder,
            metavar="DIR",
            help="output of evaluate_explanations, for a plan with [map_quality]",
        )
        parser.add_argument("--output", type=arguments.output_folder, metavar="DIR")
        parser.add_argument("--no-pdf", dest="pdf", action="store_false", help="no report.pdf")
        simulated = parser.add_mutually_exclusive_group()
        simulated.add_argument(
            "--include-simulated",
            dest="simulated",
            action="store_const",
            const="included",
            default="none",
            help="include simulated participants; the plan must allow the mixture",
        )
        simulated.add_argument(
            "--simulated-only", dest="simulated", action="store_const", const="only"
        )

    def needs_database(self, options: Mapping[str, Any]) -> bool:
        """Check whether a study is named, because tables and reports are files."""
        return options["slug"] is not None

    def handle(self, *args: Any, **options: Any) -> None:
        """Export and analyse, or check, and print a summary."""
        if options["check"]:
            self.stdout.write(_checked(options["check"]))
            return
        output: Path | None = options["output"]
        if output is None:
            raise CommandError("Give the report's folder with --output DIR.")
        if options["table"] and options["simulated"] != "none":
            raise CommandError(
                "--include-simulated and --simulated-only select participants for the export, but "
                "a --table is analysed as it is. Omit the flag."
            )
        try:
            if options["slug"]:
                check_place(output / "data")
            # A missing library for the PDF is found last, and the other files are complete then.
            with (
                _noted(options["slug"], output, options["simulated"]),
                working("Analysing") as told,
                folder_in_progress(output, prepare=clear, keep_after=(PdfError,)) as work,
            ):
                results = analyse(
                    options["table"] or _exported(options["slug"], work, options["simulated"]),
                    work,
                    plan=options["plan"],
                    registered=options["registered"],
                    evaluation=options["evaluation"],
                    command=_command(options),
                    pdf=options["pdf"],
                    word=True,
                    told=told,
                )
        except (AnalysisError, ExportError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_summary(results))
        self.stdout.write(str(output / "report.html"))
        if results.failures:
            raise CommandError(_failed(results))


def _noted(slug: str | None, output: Path, simulated: Simulated) -> AbstractContextManager[object]:
    """Note the report as a copy of the study's data, if it is made from a study."""
    study = Study.objects.filter(slug=slug).first() if slug else None
    if study is None:
        return nullcontext()
    return noted(study, DataCopy.Kind.REPORT, output, simulated, keep_after=(PdfError,))


def _failed(results: Results) -> str:
    """Return a sentence per failed part of a report that was written nevertheless."""
    lines = "\n".join(f"- {failure.sentence}" for failure in results.failures)
    return (
        "The report was written, but parts of it failed with unexpected errors, which are faults "
        f"of the software. Failed parts: {len(results.failures)}.\n{lines}\n"
        "Report them with the tracebacks in results.json (failures)."
    )


def _checked(folder: Path) -> str:
    """Return one line if the report is consistent, or raise CommandError with every problem
    otherwise."""
    try:
        with working("Checking"):
            problems = check(folder)
    except AnalysisError as error:
        raise CommandError(str(error)) from error
    if problems:
        lines = "\n".join(f"- {problem}" for problem in problems)
        raise CommandError(
            f"The report in {folder} is not consistent. Problems: {len(problems)}.\n{lines}"
        )
    return f"The report in {folder} is consistent: no file, statistic or number has changed."


def _exported(slug: str, output: Path, simulated: Simulated) -> Path:
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        known = ", ".join(Study.objects.values_list("slug", flat=True)) or "none"
        raise CommandError(
            f"The study {slug!r} is not loaded. Loaded studies: {known}. Load it with load_study."
        )
    return export_to_analyse(study, output / "data", simulated)


def _command(options: dict[str, Any]) -> str:
    """Return the command for the report, without folders, which differ between machines."""
    source = f"--table {options['table'].name}" if options["table"] else options["slug"]
    flag = {"included": " --include-simulated", "only": " --simulated-only"}
    plan = "".join(
        f" --{name} {options[name].name}"
        for name in ("plan", "registered", "evaluation")
        if options[name]
    )
    return f"manage.py run_analysis {source}{plan}{flag.get(options['simulated'], '')}"


def _summary(results: Results) -> str:
    people = sum(row.randomised for row in results.flow)
    claimed = sum(
        result.p_adjusted is not None and result.p_adjusted < results.plan.alpha
        for result in results.confirmatory
    )
    kind = " simulated" if results.simulated and not results.simulated_and_real else ""
    outcomes = len(results.outcomes)
    return (
        f"{people}{kind} participants in {len(results.flow)} arms, {outcomes} "
        f"outcome{'' if outcomes == 1 else 's'}, {claimed} with adjusted p below "
        f"{results.plan.alpha:g}."
    )
