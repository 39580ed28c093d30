"""manage.py close_study SLUG"""

from typing import Any

from django.core.management.base import CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.management.lookup import study_named
from surveys.services import close_study


class Command(DatabaseCommand):
    help = (
        "Ends the collection of data. Participants who have started can finish. The arms stay "
        "hidden until unblind_study."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)

    def handle(self, *args: Any, slug: str, **options: Any) -> str:
        close_study(study=study_named(slug))
        return (
            f"The study {slug!r} is closed. Its arms stay hidden until: manage.py unblind_study "
            f"{slug} --reason TEXT"
        )
