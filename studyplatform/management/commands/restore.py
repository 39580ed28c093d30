"""manage.py restore FOLDER"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from explanations.management import arguments
from explanations.management.base import PlatformCommand
from studyplatform import backups


class Command(PlatformCommand):
    if_stopped = "The restore is incomplete. Repeat it with a new database and data folder."
    help = (
        "Puts a backup into an empty database and an empty data folder, and compares every table "
        "and file with the backup. Nothing that exists is replaced."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument("folder", type=arguments.input_folder, metavar="FOLDER")

    def handle(self, *args: Any, folder: Path, **options: Any) -> str:
        """Restore the backup."""
        try:
            restored = backups.restore(folder.resolve())
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        return (
            f"Restored: {restored}, as of {restored.written_at}. Run manage.py migrate, then "
            "manage.py check_integrity."
        )
