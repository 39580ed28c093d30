"""manage.py reproduce_published NAME [--data-dir DIR] --output DIR: published numbers again."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from analysis.errors import AnalysisError
from analysis.published.reproduction import reproduce
from analysis.published.study import FILE, TABLES, read_published
from analysis.published.table import TABLE, counts
from analysis.published.verdicts import Verdict
from analysis.report.pdf import PdfError
from explanations.management import arguments
from explanations.management.base import PlatformCommand
from explanations.management.progress import working


class Command(PlatformCommand):
    """Comparison of a published study's printed numbers with those that its data give."""

    help = (
        "Analyses the data of a published study from the gallery by its plan, and compares each "
        "number that the paper prints: equal, rounding slip, coding slip, not determinable."
    )
    if_stopped = (
        "Analyses that were finished are kept. Repeat the command with the same --output to go on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the study, the folder of its data, and the output."""
        parser.add_argument(
            "study",
            type=arguments.name,
            metavar="NAME",
            help=f"one of {', '.join(_names())}",
        )
        parser.add_argument(
            "--data-dir",
            type=arguments.input_folder,
            metavar="DIR",
            help="folder with the study's files; without it, the tables that come with the gallery",
        )
        parser.add_argument("--output", type=arguments.output_folder, required=True, metavar="DIR")
        parser.add_argument("--no-pdf", dest="pdf", action="store_false", help="no report.pdf")

    def handle(
        self, *args: Any, study: str, data_dir: Path | None, output: Path, pdf: bool, **options: Any
    ) -> str:
        """Write the reports and the table, and return how many numbers have each verdict."""
        folder = _folder(study)
        try:
            published = read_published(folder)
            data = data_dir or folder / TABLES
            if not data.is_dir():
                raise CommandError(
                    f"The data of {study} do not come with the gallery. Name their folder with "
                    f"--data-dir. {published.fetch}"
                )
            with working("Reproducing") as told:
                compared = reproduce(
                    published, folder, data, output,
                    command=f"manage.py reproduce_published {study}", pdf=pdf, told=told,
                )  # fmt: skip
        except (AnalysisError, PdfError) as error:
            raise CommandError(str(error)) from error
        said = f"{len(compared)} printed numbers: {counts(compared)}. {output / TABLE}"
        differing = [row for row in compared if row.verdict is Verdict.DIFFERS]
        if differing:
            named = "\n".join(
                f"- {row.claim}: printed {row.printed}, recomputed {row.recomputed}"
                for row in differing
            )
            return f"{said}\nDifferent without a known cause:\n{named}"
        return said


def _gallery() -> Path:
    return Path(settings.STUDIES_DIR) / "published"


def _names() -> list[str]:
    return sorted(path.parent.name for path in _gallery().glob(f"*/{FILE}"))


def _folder(name: str) -> Path:
    if name not in _names():
        raise CommandError(f"The gallery has no study {name!r}. It has {', '.join(_names())}.")
    return _gallery() / name
