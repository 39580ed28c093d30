"""manage.py backup FOLDER"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from studyplatform import backups


class Command(DatabaseCommand):
    help = (
        "Writes the database and the data folder into a new folder while people take part, and "
        "verifies the copy. The secret key is not in it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument("folder", type=arguments.output_folder, metavar="FOLDER")

    def handle(self, *args: Any, folder: Path, **options: Any) -> str:
        """Write the backup."""
        try:
            written = backups.back_up(folder.resolve())
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        return (
            f"Backed up and verified: {written}, in {folder}. It contains people's answers, and is "
            "worth nothing without STUDY_SECRET_KEY."
        )
