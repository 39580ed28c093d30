"""manage.py apply_retention [SLUG ...] [--confirm]"""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.management.lookup import study_named
from surveys.models import Study
from surveys.services import retention
from surveys.services.retention import Due


class Command(DatabaseCommand):
    help = (
        "Shows what is past the date that each study file names in [retention], and deletes it "
        "with --confirm: identifiers with their keyed hashes, or all data of participants."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "slugs", nargs="*", type=arguments.name, metavar="SLUG", help="default: every study"
        )
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--dry-run", action="store_true", help="only show what is due, which is the default"
        )
        which.add_argument("--confirm", action="store_true", help="delete what is due")

    def handle(self, *args: Any, slugs: list[str], confirm: bool, **options: Any) -> str:
        named = [study_named(slug) for slug in slugs]
        studies = named or list(Study.objects.order_by("slug"))
        if not confirm:
            found = [(study, retention.due(study)) for study in studies]
            lines = [f"{study.slug}: {in_words(due)}" for study, due in found]
            if any(due.is_anything for _, due in found):
                lines.append("Nothing was deleted. Repeat the command with --confirm to delete it.")
            return "\n".join(lines) or "There are no studies."
        lines = []
        for study in studies:
            applied = retention.apply(study)
            if not applied.due.is_anything:
                continue
            line = f"{study.slug}: deleted {counted(applied.due)}."
            if applied.copies:
                names = ", ".join(str(copy) for copy in applied.copies)
                line += f" Copies that contained them: {names}."
            lines.append(f"{line} Backups still contain them.")
        return "\n".join(lines) or "Nothing is past its date."


def in_words(due: Due) -> str:
    """Return the dates of a study, and what is past them."""
    if not (due.declared.identifiers_months or due.declared.data_months):
        return "the study file names no retention."
    if due.ended_at is None:
        return "collection has not ended, so the retention has not begun."
    sentence = (
        f"collection ended on {due.ended_at:%Y-%m-%d}; identifiers until "
        f"{_date(due.identifiers_until)}, all data until {_date(due.data_until)}."
    )
    return f"{sentence} Due now: {counted(due)}." if due.is_anything else sentence


def counted(due: Due) -> str:
    """Return the numbers of what is due."""
    return (
        f"identifiers of {due.identifiers}, {due.hashes} remembered hashes, all data of "
        f"{due.people} participants"
    )


def _date(date: datetime | None) -> str:
    return f"{date:%Y-%m-%d}" if date else "an unnamed date"
