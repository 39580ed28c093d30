"""manage.py export_study SLUG --output DIR [--formats csv,parquet,xlsx,sav,dta,json]
[--include-simulated | --simulated-only]

With --with-identifiers, the recruitment service's ids of participants are written to a separate
file next to the folder.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.management.progress import working
from surveys.export.folder import ExportError, check_place
from surveys.export.formats import FORMATS, chosen_formats
from surveys.export.writing import Simulated, export_study
from surveys.management.lookup import study_named
from surveys.models import DataCopy
from surveys.recruitment.identity_list import WARNING, identifiers_path, write_identifiers
from surveys.services.copies import noted


class Command(DatabaseCommand):
    help = "Writes a study's data, codebook and plan as a folder of plain files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument("--output", type=arguments.output_folder, required=True, metavar="DIR")
        parser.add_argument(
            "--with-identifiers",
            action="store_true",
            help="also the recruitment service's ids of participants, in a file next to DIR",
        )
        parser.add_argument(
            "--formats",
            type=arguments.names,
            default="csv",
            metavar="LIST",
            help=f"formats of the tables, joined by commas: {', '.join(f.key for f in FORMATS)} "
            "(default: csv, which the analysis reads)",
        )
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--include-simulated",
            action="store_const",
            dest="simulated",
            const="included",
            help="both simulated and real participants",
        )
        which.add_argument(
            "--simulated-only",
            action="store_const",
            dest="simulated",
            const="only",
            help="only simulated participants",
        )

    def handle(
        self, *args: Any, slug: str, output: Path, simulated: Simulated | None, **options: Any
    ) -> str:
        study = study_named(slug)
        try:
            formats = chosen_formats(options["formats"])
            check_place(output)
            with (
                noted(study, DataCopy.Kind.EXPORT, output, simulated or "none"),
                working("Exporting") as told,
            ):
                exported = export_study(
                    study=study,
                    output=output,
                    simulated=simulated or "none",
                    formats=formats,
                    told=told,
                )
            summary = str(exported)
        except ExportError as error:
            raise CommandError(str(error)) from error
        if options["with_identifiers"]:
            place = identifiers_path(output)
            with noted(study, DataCopy.Kind.IDENTIFIERS, place, "included"):
                path, count = write_identifiers(study, output)
            self.stderr.write(self.style.WARNING(f"Warning: {WARNING.format(path=path)}"))
            summary += f" The ids of {count} participant{'' if count == 1 else 's'} are in {path}."
        return summary
