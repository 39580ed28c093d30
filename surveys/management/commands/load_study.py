"""manage.py load_study FILE.toml"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.models import Study
from surveys.services import StudyError, documents, load_study
from surveys.study_checks import loading
from surveys.study_checks.costs import warnings
from surveys.study_checks.images_and_weights import background_lacking
from surveys.study_checks.text import read_text
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.stored import definition


class Command(DatabaseCommand):
    help = (
        "Loads a study file into the database as a draft. Loading an unchanged file changes "
        "nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=arguments.input_file, metavar="FILE.toml")
        parser.add_argument(
            "--reason",
            type=arguments.name,
            help=(
                "why the file of a running study changes; needed for its places, and printed in "
                "the report"
            ),
        )

    def handle(self, *args: Any, file: Path, **options: Any) -> str:
        # Loading is idempotent, so only the state before tells whether anything changed.
        before = set(Study.objects.values_list("slug", "source_sha256"))
        try:
            text = read_text(file)
            documents.store_documents_beside(file, loading.parse(text))
            study = load_study(text, reason=options.get("reason") or "")
        except OSError as error:
            raise CommandError(
                f"{file} cannot be read: {error}. Name a study file (.toml) that exists."
            ) from error
        except (StudyFileError, StudyError) as error:
            raise CommandError(f"{file}: {error}") from error
        declared = definition(study)
        for warning in (*warnings(declared), *background_lacking(declared)):
            self.stderr.write(self.style.WARNING(f"Warning: {warning}"))
        if (study.slug, study.source_sha256) in before:
            return f"The study {study.slug!r} is already loaded and unchanged."
        if study.participants.exists():
            version = study.versions.last()
            number = f", version {version.number}" if version else ""
            return (
                f"Corrected the study {study.slug!r}{number}. The export's manifest and the report "
                "list the change."
            )
        return f"Loaded the study {study.slug!r} as a draft, with {study.arms.count()} arms."
