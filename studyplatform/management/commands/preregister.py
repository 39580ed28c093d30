"""manage.py preregister STUDY.toml --output DIR: the plan as a document, before data are collected.

preregister … --power DIR/power.json includes the results of plan_power.
"""

import hashlib
import json
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils import timezone

from analysis.preregistration.document import write_texts
from explanations.management import arguments
from explanations.management.base import PlatformCommand
from explanations.management.database import NoDatabaseError, refuse_other_database
from explanations.management.outputs import folder_in_progress
from studyplatform.management.commands.plan_power import read_study_file
from studyplatform.preregistration import (
    Circumstances,
    registration_of,
    sample_sentences,
)
from surveys.models import Participant
from surveys.study_file.declaration import StudyFile


class Command(PlatformCommand):
    """Writer of preregistration.md, preregistration.html and registered.json."""

    help = (
        "Writes the study's plan as a preregistration for OSF or AsPredicted, with the plan's hash."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument("file", type=arguments.input_file, metavar="STUDY.toml")
        parser.add_argument("--output", type=arguments.output_folder, required=True, metavar="DIR")
        parser.add_argument(
            "--power",
            type=arguments.text_file,
            metavar="FILE",
            help="power.json that plan_power wrote for this plan",
        )

    def handle(self, *args: Any, **options: Any) -> str:
        """Write the documents, and return the plan's hash and the path."""
        file: Path = options["file"]
        study = read_study_file(file)
        collected = _collected(study.slug)
        written = registration_of(
            study,
            hashlib.sha256(file.read_bytes()).hexdigest(),
            Circumstances(
                timezone.now().isoformat(timespec="seconds"),
                collected,
                _simulated(options["power"], study) if options["power"] else (),
            ),
        )
        output: Path = options["output"]
        with folder_in_progress(output) as work:
            write_texts(written.texts, work)
        if collected:
            self.stderr.write(
                f"The study already has {collected} participants. The document says so."
            )
        return f"Plan {written.plan_sha256}\n{output / 'preregistration.html'}"


def _simulated(file: Path, study: StudyFile) -> tuple[str, ...]:
    """Return the sentences of power.json, or raise CommandError if the file is of another plan."""
    try:
        told = sample_sentences(json.loads(file.read_text(encoding="utf-8")), study)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise CommandError(
            f"{file} is not a power.json of plan_power ({error}). Create it with "
            "manage.py plan_power."
        ) from error
    if told is None:
        raise CommandError(f"{file} belongs to another plan. Run plan_power on this study file.")
    return told


def _collected(slug: str) -> int | None:
    """Count real participants of the study in this database, or None if there is no database.

    Raises CommandError if the database is older than the program, so that they cannot be counted.
    """
    try:
        return Participant.objects.filter(study__slug=slug, simulated=False).count()
    except DatabaseError:
        with suppress(NoDatabaseError):
            refuse_other_database()
        return None
