"""manage.py unblind_study SLUG --reason TEXT"""

import getpass
from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.management.lookup import study_named
from surveys.services import StudyError, unblind_study


class Command(DatabaseCommand):
    help = (
        "Shows researchers the arms of a study's participants, for good. The time, the name and "
        "the reason are recorded in the export and printed in the report."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument(
            "--reason",
            type=arguments.name,
            required=True,
            help="for example: the sample is complete",
        )
        parser.add_argument(
            "--by",
            type=arguments.name,
            help="your name; by default the name of the operating system's user",
        )
        parser.add_argument(
            "--before-end",
            action="store_true",
            help="unblind a study that is not closed; the report lists this as a deviation",
        )

    def handle(self, *args: Any, slug: str, **options: Any) -> str:
        try:
            unblind_study(
                study=study_named(slug),
                reason=options["reason"],
                by=options["by"] or _user(),
                before_end=options["before_end"],
            )
        except StudyError as error:
            raise CommandError(str(error)) from error
        return f"The study {slug!r} is unblinded: exports, reports and pages show the arms."


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return ""
