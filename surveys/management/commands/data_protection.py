"""manage.py data_protection SLUG [--output FILE.md]"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.management.outputs import refuse_overwriting
from surveys.management.lookup import study_named
from surveys.services.data_protection import sheet
from surveys.study_checks import text


class Command(DatabaseCommand):
    help = (
        "Fills the data-protection sheet of a study for an ethics board: the record of processing "
        "(GDPR, article 30) and the facts for an impact assessment (article 35)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument(
            "--output",
            type=arguments.output_file,
            metavar="FILE.md",
            help="file to write to instead of the standard output",
        )
        parser.add_argument("--force", action="store_true", help="replace an existing file")

    def handle(self, *args: Any, slug: str, output: Path | None, **options: Any) -> str:
        written = sheet(study_named(slug))
        if output is None:
            return written
        refuse_overwriting(output, force=options["force"])
        text.write_text(output, written)
        return f"Wrote the data-protection sheet of {slug!r} to {output}."
