"""manage.py preregister STUDY.toml --output DIR: the plan as a document, before there are data."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone

from analysis.management.commands.plan_power import read_study_file
from analysis.planfile import parse_plan
from analysis.registration.declared import Declared
from analysis.registration.document import write_registration
from surveys.exporting.plan import plan_of
from surveys.models import Participant
from surveys.parts import Part, TrialsPart
from surveys.studyfile import StudyFile


class Command(BaseCommand):
    """Reads the study file and writes preregistration.md, .html and registered.json."""

    help = (
        "Writes the study's plan as a preregistration for OSF or AsPredicted, with the plan's hash."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="STUDY.toml")
        parser.add_argument("--output", type=Path, required=True, metavar="DIR")

    def handle(self, *args: Any, **options: Any) -> str:
        file: Path = options["file"]
        study = read_study_file(file)
        document = plan_of(study)
        declared = _declared(study, file)
        output: Path = options["output"]
        digest = write_registration(parse_plan(document), document, declared, output)
        if declared.collected:
            self.stderr.write(
                f"The study already has {declared.collected} participants: the document says so."
            )
        return f"Plan {digest}\n{output / 'preregistration.html'}"


def _declared(study: StudyFile, file: Path) -> Declared:
    shown = [part for part in study.trial_parts if not part.is_practice]
    right, wrong = (sum(getattr(part, side) for part in shown) for side in ("right", "wrong"))
    within = ", ".join(study.design.within)
    return Declared(
        study.slug,
        study.title,
        hashlib.sha256(file.read_bytes()).hexdigest(),
        study.seed,
        {group.key: group.label for group in study.groups},
        f"Experiment; within participants: {within}; all else between."
        if within
        else "Experiment with arms between participants.",
        (
            f"{right + wrong} images per block from the {study.images.split} images of the set "
            f"“{study.images.set}”: {right} that the classifier gets right, {wrong} that it gets "
            "wrong.",
            f"Classifier: {study.weights}.",
        ),
        tuple(_told(part) for part in study.parts),
        (
            "Randomisation: permuted blocks that hold each arm "
            f"{' or '.join(map(str, study.allocation.block_multiples))} times, in a list drawn "
            f"beforehand with the seed {study.seed}; the order of the images is drawn for each "
            "participant.",
        ),
        study.allocation.places,
        _collected(study.slug),
        timezone.now().isoformat(timespec="seconds"),
    )


def _told(part: Part) -> str:
    if isinstance(part, TrialsPart):
        kind = "practice" if part.is_practice else "trials"
        return f"{kind}, task “{part.task}”, {part.trials_per_block} per block."
    questionnaire = getattr(part, "questionnaire", "")
    return f"questionnaire {questionnaire}." if questionnaire else f"{part.key}."


def _collected(slug: str) -> int | None:
    """Real participants of the study in this database; None where there is none to ask."""
    try:
        return Participant.objects.filter(study__slug=slug, simulated=False).count()
    except DatabaseError:
        return None
