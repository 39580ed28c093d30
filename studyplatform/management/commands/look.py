"""manage.py look SLUG: hold a look of the study's plan, and tell go on or stop."""

import getpass
from typing import Any

from django.core.management.base import CommandError, CommandParser

from analysis.errors import AnalysisError
from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from studyplatform.computations.study_look import in_words, look_at
from surveys.export.folder import ExportError
from surveys.management.lookup import study_named
from surveys.services import StudyError


class Command(DatabaseCommand):
    help = (
        "Looks at the data of a running study as its plan says under [looks], and tells only "
        "whether to go on or to stop. Nobody sees arms or results. The look is recorded, exported "
        "and printed in the report."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument(
            "--unplanned",
            type=arguments.name,
            metavar="REASON",
            help="look before the next planned time; the report lists this as a deviation",
        )
        parser.add_argument(
            "--by",
            type=arguments.name,
            help="your name; by default the name of the operating system's user",
        )

    def handle(self, *args: Any, slug: str, **options: Any) -> str:
        study = study_named(slug)
        try:
            look = look_at(study, options["by"] or _user(), options["unplanned"] or "")
        except (AnalysisError, ExportError, StudyError) as error:
            raise CommandError(str(error)) from error
        return in_words(look)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return ""
