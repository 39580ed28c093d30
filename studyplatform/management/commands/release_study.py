"""manage.py release_study SLUG --output DIR [--k N] [--licence SPDX] [--authors "A; B"]
[--passed FILE.csv] [--simulated-only]

With --texts FILE.csv, the texts that participants wrote are listed for a person to read, and
nothing is released.
"""

import csv
import io
from argparse import ArgumentParser
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from analysis.errors import AnalysisError
from analysis.release.declaration import Author, Release, problems_of
from analysis.toml.document import Document, read
from analysis.toml.problems import FileProblemsError
from analysis.toml.typed import read_as
from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.management.outputs import folder_in_progress
from explanations.management.progress import working
from explanations.store.atomic_files import write_atomically
from studyplatform.computations.study_release import release_study, texts_to_read
from surveys.export.folder import ExportError
from surveys.management.lookup import study_named
from surveys.models import DataCopy
from surveys.services.copies import noted
from surveys.study_file.stored import definition
from surveys.tidy.cells import csv_text

HEADER = ("key", "question", "text", "pass")
YES = ("yes", "1", "x", "true")


class Command(DatabaseCommand):
    """Release of a study's data as a folder that can be given away."""

    help = (
        "Writes a folder that can be given away: de-identified data, codebook, materials, the "
        "report redone from them, and metadata for OSF, Zenodo and a DOI."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument("--output", type=arguments.output_folder, metavar="DIR")
        parser.add_argument("--k", type=arguments.count, help="people per class (default: 5)")
        parser.add_argument(
            "--licence", type=arguments.name, metavar="SPDX", help="such as CC-BY-4.0"
        )
        parser.add_argument(
            "--authors", type=arguments.name, metavar="NAMES", help="names joined by semicolons"
        )
        parser.add_argument(
            "--declaration",
            type=arguments.text_file,
            metavar="FILE.toml",
            help="the table [release], in place of the study file's",
        )
        parser.add_argument(
            "--texts",
            type=arguments.output_file,
            metavar="FILE.csv",
            help="write the texts that participants wrote to FILE.csv, to be read by a person",
        )
        parser.add_argument(
            "--passed",
            type=arguments.text_file,
            metavar="FILE.csv",
            help="the file of --texts, with yes in the column pass of each text to release",
        )
        parser.add_argument(
            "--evaluation",
            type=arguments.input_folder,
            metavar="DIR",
            help="output of evaluate_explanations, for a plan with [map_quality]",
        )
        which = parser.add_mutually_exclusive_group()
        for flag, value in (("--include-simulated", "included"), ("--simulated-only", "only")):
            which.add_argument(
                flag, dest="simulated", action="store_const", const=value, default="none"
            )

    def handle(self, *args: Any, slug: str, **options: Any) -> str:
        """List the texts, or write the release, and return a summary."""
        study = study_named(slug)
        output: Path | None = options["output"]
        if options["texts"] is None and output is None:
            raise CommandError("Give the folder of the release with --output DIR.")
        try:
            if options["texts"] is not None:
                texts = texts_to_read(study, options["simulated"])
                rows = [(text.digest, text.question, text.text, "") for text in texts]
                write_atomically(options["texts"], csv_text(HEADER, rows).encode())
                return (
                    f"{len(rows)} texts are in {options['texts']}. Read each, write yes in the "
                    "column pass if it identifies nobody, and give the file with --passed."
                )
            release = _declaration(definition(study).release, options)
            passed = _passed(options["passed"]) if options["passed"] else frozenset()
            output = _free(output)
            with (
                noted(study, DataCopy.Kind.RELEASE, output, options["simulated"]),
                working("Releasing") as told,
                folder_in_progress(output) as work,
            ):
                summary = release_study(
                    study,
                    work,
                    release,
                    options["simulated"],
                    passed=passed,
                    evaluation=options["evaluation"],
                    told=told,
                )
        except (AnalysisError, ExportError, FileProblemsError) as error:
            raise CommandError(str(error)) from error
        return f"Released to {output}: {summary}"


def _free(output: Path | None) -> Path:
    """Return the folder, which must be empty or absent: a leak of an old release would remain."""
    if output is None or (output.is_dir() and any(output.iterdir())):
        raise CommandError(
            f"The folder {output} is not empty. Name another folder with --output, or empty it."
        )
    return output


def _declaration(release: Release, options: dict[str, Any]) -> Release:
    """Return the declaration of the study file, or of --declaration, with the options' values."""
    if path := options["declaration"]:
        file = read(path.read_text(encoding="utf-8"), path.name, FileProblemsError)
        release = _read_table(file)
    if options["k"]:
        if options["k"] < 2:
            raise CommandError("--k must be 2 or more: a class of one person hides nobody.")
        release = replace(release, k=options["k"])
    if options["licence"]:
        release = replace(release, licence=options["licence"])
    if options["authors"]:
        names = [name.strip() for name in options["authors"].split(";") if name.strip()]
        release = replace(release, authors=tuple(map(Author, names)))
    return release


def _read_table(file: Document) -> Release:
    release = read_as(Release, file.values.get("release", file.values), file.problems)
    for path, problem in problems_of(release):
        file.problems.add(path, problem)
    file.raise_problems("The declaration", FileProblemsError)
    return release


def _passed(path: Path) -> Collection[str]:
    """Return the keys of the texts that somebody passed."""
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    if not rows or not {"key", "pass"} <= rows[0].keys():
        raise CommandError(
            f"{path.name} lacks the columns key and pass. Use the file that --texts wrote."
        )
    return frozenset(row["key"] for row in rows if (row["pass"] or "").strip().lower() in YES)
