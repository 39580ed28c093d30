"""manage.py erase_participant SLUG --code CODE"""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.management.lookup import study_named
from surveys.models import DataCopy
from surveys.services import erase
from surveys.services.finding import participant_with_code


class Command(DatabaseCommand):
    help = (
        "Deletes all data of a participant who asks for it, and prints a receipt without the code. "
        "Without --yes it only says what it would delete."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument(
            "--code",
            type=arguments.name,
            required=True,
            help="the personal code, the completion code, or the pseudonym in exports",
        )
        parser.add_argument("--yes", action="store_true", help="delete")

    def handle(self, *args: Any, slug: str, **options: Any) -> str:
        study = study_named(slug)
        participant = participant_with_code(study, options["code"])
        if participant is None:
            raise CommandError(
                f"No participant of {slug!r} has this code. Compare it with the person's last page "
                "or first page, and check the study. Somebody who was erased before has no code."
            )
        if not options["yes"]:
            return (
                f"{participant.pseudonym}, {participant.state}, consented on "
                f"{participant.consented_at:%Y-%m-%d}. To delete everything, repeat the command "
                "with --yes."
            )
        erased = erase(participant=participant)
        listed = ", ".join(f"{name} {count}" for name, count in sorted(erased.rows.items()))
        until = erased.remembered_until
        kept = (
            f"A keyed hash of the recruitment service's id is kept until {until:%Y-%m-%d}, as the "
            "consent said, so that the person cannot begin again. "
            if until
            else ""
        )
        return (
            f"Erased from the study {slug!r} on {timezone.now():%Y-%m-%d at %H:%M} UTC, rows by "
            f"table: {listed}. {kept}"
            f"{_copies(erased.copies)}"
        )


def _copies(copies: Sequence[DataCopy]) -> str:
    """Return a sentence on the exports, reports and releases that contain the person."""
    if not copies:
        return "No export, report or release that this server made contains the person."
    names = ", ".join(
        f"{copy} ({copy.made_at:%Y-%m-%d})" if copy.made_at else str(copy) for copy in copies
    )
    return (
        f"Exports, reports and releases that contain the person, by hash: {names}. They are "
        "marked; their files on this server are deleted if the study file says so "
        "(delete_copies). What was passed on is yours to delete."
    )
