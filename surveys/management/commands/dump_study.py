"""manage.py dump_study SLUG [--output FILE.toml]"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.management.outputs import refuse_overwriting
from surveys.management.lookup import study_named
from surveys.study_checks import text


class Command(DatabaseCommand):
    help = "Prints the exact file that a study was loaded from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument(
            "--output",
            type=arguments.output_file,
            metavar="FILE.toml",
            help="file to write to instead of the standard output",
        )
        parser.add_argument("--force", action="store_true", help="replace an existing file")

    def handle(self, *args: Any, slug: str, output: Path | None, **options: Any) -> str | None:
        study = study_named(slug)
        if output is None:
            self.stdout.write(study.source, ending="")
            return None
        refuse_overwriting(output, force=options["force"])
        text.write_text(output, study.source)
        return f"Wrote the study {slug!r} to {output}."
