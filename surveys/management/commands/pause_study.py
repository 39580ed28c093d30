"""manage.py pause_study SLUG"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.management.lookup import study_named
from surveys.services import StudyError, pause_study


class Command(DatabaseCommand):
    help = (
        "Admits nobody to a study until it is opened again. Participants who have started can "
        "finish."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)

    def handle(self, *args: Any, slug: str, **options: Any) -> str:
        try:
            pause_study(study=study_named(slug))
        except StudyError as error:
            raise CommandError(str(error)) from error
        return f"The study {slug!r} is paused. Continue it with: manage.py open_study {slug}"
