"""manage.py load_instrument FILE.toml"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.questionnaires.loading import LoadingError, load
from surveys.questionnaires.reading import QuestionnaireError


class Command(DatabaseCommand):
    help = (
        "Adds your own questionnaire, or a published scale in its authors' wording, to those that "
        "a study file can name."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=arguments.text_file, metavar="FILE.toml")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="replace a questionnaire with this id that no study asks",
        )

    def handle(self, *args: Any, file: Path, **options: Any) -> str:
        try:
            loaded = load(file, replace=options["replace"])
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(
                f"{file} cannot be read: {error}. Name a questionnaire's TOML file, saved as UTF-8."
            ) from error
        except (QuestionnaireError, LoadingError) as error:
            can_replace = isinstance(error, LoadingError) and error.replaceable
            cure = " --replace does so." if can_replace else ""
            raise CommandError(f"{file}: {error}{cure}") from error
        return (
            f"Loaded {loaded.id!r}: {len(loaded.items)} items, {loaded.wording} wording, licence "
            f"{loaded.licence!r}, in {', '.join(loaded.languages)}."
        )
