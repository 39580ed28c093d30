"""manage.py verify_ledger SLUG"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.allocation.replay import ReplayError
from surveys.management.lookup import study_named
from surveys.services.ledger_audit import verify


class Command(DatabaseCommand):
    help = (
        "Recomputes the hashes and arms of a study's allocation ledger and compares it with the "
        "participants. Reports the first entry that does not agree."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)

    def handle(self, *args: Any, slug: str, **options: Any) -> str:
        try:
            ledgers = verify(study_named(slug))
        except ReplayError as error:
            raise CommandError(str(error)) from error
        if not ledgers:
            return f"The study {slug!r} has no ledger yet: nobody has arrived."
        lines = "\n".join(f"- {ledger}" for ledger in ledgers)
        return f"The ledger of the study {slug!r} is intact:\n{lines}"
