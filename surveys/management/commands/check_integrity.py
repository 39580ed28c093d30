"""manage.py check_integrity"""

from typing import Any

from django.core.management.base import CommandError

from explanations.management.database import DatabaseCommand
from surveys.models import Study
from surveys.services.integrity import missing_files, problems


class Command(DatabaseCommand):
    help = (
        "Compares the ledgers, places, trials, answers and files of all studies, and says in words "
        "what does not agree. Exit status 1 if anything does not."
    )

    def handle(self, *args: Any, **options: Any) -> str:
        found = [*problems(), *missing_files()]
        if found:
            lines = "\n".join(f"- {sentence}" for sentence in found)
            count = "1 thing does" if len(found) == 1 else f"{len(found)} things do"
            raise CommandError(f"{count} not agree:\n{lines}")
        return f"Everything agrees: {Study.objects.count()} studies were checked."
