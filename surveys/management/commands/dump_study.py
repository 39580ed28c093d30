"""manage.py dump_study SLUG [--output FILE.toml]"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management.database import DatabaseCommand
from surveys.management.lookup import study_named
from surveys.study_checks import text


class Command(DatabaseCommand):
    help = "Prints the exact file that a study was loaded from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE.toml",
            help="file to write to instead of the standard output",
        )

    def handle(self, *args: Any, slug: str, output: Path | None, **options: Any) -> str | None:
        study = study_named(slug)
        if output is None:
            self.stdout.write(study.source, ending="")
            return None
        try:
            text.write_text(output, study.source)
        except OSError as error:
            raise CommandError(
                f"{output} cannot be written: {error}. Name another file with --output."
            ) from error
        return f"Wrote the study {slug!r} to {output}."
