"""manage.py forget_identifiers SLUG"""

from typing import Any

from django.core.management.base import CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.management.lookup import study_named
from surveys.services import forget_identifiers


class Command(DatabaseCommand):
    help = (
        "Deletes the recruitment service's ids of a study's participants, once all are paid. They "
        "still cannot take part again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)

    def handle(self, *args: Any, slug: str, **options: Any) -> str:
        count = forget_identifiers(study=study_named(slug))
        participants = "1 participant" if count == 1 else f"{count} participants"
        return f"Deleted the ids of {participants} of {slug!r}. Backups still contain them."
