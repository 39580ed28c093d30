"""manage.py list_bonuses: who is paid which bonus, for the recruitment service."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.store.atomic_files import write_atomically
from surveys.management.lookup import study_named
from surveys.recruitment.bonus_list import bonus_list
from surveys.services.acts import announce
from surveys.study_file.stored import definition


class Command(DatabaseCommand):
    """Write the bonuses that people have earned, by their ids at the recruitment service."""

    help = (
        "Writes a line with id;amount for each person who has earned a bonus, and prints the sum "
        "to pay. The file names people: keep it away from the data."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", type=arguments.name, help="the study's slug")
        parser.add_argument(
            "--output", type=arguments.output_file, required=True, help="file to write"
        )
        parser.add_argument(
            "--separator",
            choices=(";", ","),
            default=";",
            help="between id and amount; Prolific's bulk bonuses ask for a comma",
        )

    def handle(self, *args: Any, **options: Any) -> str:
        """Write the file."""
        study = study_named(options["slug"])
        if definition(study).bonus is None:
            raise CommandError(
                f"The study {study.slug!r} declares no bonus. Add a table [bonus] to its file."
            )
        listed = bonus_list(study)
        # Readable by the owner only from the first byte on.
        text = listed.text(options["separator"])
        write_atomically(options["output"], text.encode(), mode=0o600)
        # Counts alone: an id in the audit would outlive the erasure of the person.
        announce(study, "bonuses listed", {}, {"people": len(listed.due)})
        return f"{listed} Written to {options['output']}, which names people."
