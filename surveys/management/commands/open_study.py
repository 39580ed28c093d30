"""manage.py open_study SLUG"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.management.lookup import study_named
from surveys.services import StudyError, open_study


class Command(DatabaseCommand):
    help = "Opens a study to participants, once everything that they will see has been computed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument(
            "--although-unblinded",
            action="store_true",
            help="admit participants to an unblinded study; the report lists this as a deviation",
        )

    def handle(self, *args: Any, slug: str, **options: Any) -> str:
        study = study_named(slug)
        try:
            open_study(study=study, although_unblinded=options["although_unblinded"])
        except StudyError as error:
            raise CommandError(str(error)) from error
        return f"The study {slug!r} is open at /s/{slug}/"
