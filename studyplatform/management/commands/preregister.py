"""manage.py preregister STUDY.toml --output DIR: the plan as a document, before data are collected.

preregister … --power DIR/power.json includes the results of plan_power.
"""

import hashlib
import json
from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils import timezone

from analysis.plan.plan import Plan
from analysis.plan.reading import parse_plan
from analysis.preregistration.document import write_registration
from analysis.preregistration.study_summary import Declared
from explanations import catalogue
from explanations.management import arguments
from explanations.management.base import PlatformCommand
from explanations.management.database import NoDatabaseError, refuse_older_database
from explanations.management.outputs import folder_in_progress
from studyplatform.management.commands.plan_power import read_study_file
from surveys.models import Participant
from surveys.study_file.declaration import StudyFile
from surveys.study_file.parts import Part, TrialsPart
from surveys.tidy.analysis_plan import plan_of
from surveys.tidy.codebook import codebook


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
        document = plan_of(study)
        plan = parse_plan(document)
        sample = _simulated(options["power"], plan) if options["power"] else ()
        declared = replace(_declared(study, file), sample=sample)
        output: Path = options["output"]
        with folder_in_progress(output) as work:
            digest = write_registration(plan, document, declared, work)
        if declared.collected:
            self.stderr.write(
                f"The study already has {declared.collected} participants. The document says so."
            )
        return f"Plan {digest}\n{output / 'preregistration.html'}"


def _declared(study: StudyFile, file: Path) -> Declared:
    # Practice trials are not data, so they do not count as images per block.
    shown = [part for part in study.trial_parts if not part.is_practice]
    right, wrong = (sum(getattr(part, side) for part in shown) for side in ("right", "wrong"))
    within = ", ".join(study.design.within)
    return Declared(
        study.slug,
        study.title,
        hashlib.sha256(file.read_bytes()).hexdigest(),
        study.seed,
        {arm.key: arm.label for arm in study.arms},
        tuple(shown.label for shown in study.conditions) if within else (),
        _scales(study),
        f"Experiment. Within-subjects: {within}. All other factors are between-subjects."
        if within
        else _design_of_arms(study),
        (
            f"{right + wrong} images per block from the {study.images.split} images of the set "
            f"“{study.images.set}”: {right} that the classifier gets right, {wrong} that it gets "
            "wrong.",
            f"Classifier: {study.weights}.",
            *_maps(study),
        ),
        tuple(_told(part) for part in study.parts),
        (_allocation(study),),
        study.allocation.places,
        (),
        _collected(study.slug),
        timezone.now().isoformat(timespec="seconds"),
    )


def _design_of_arms(study: StudyFile) -> str:
    if len(study.arms) == 1:
        return "Study of a single arm: participants are compared with themselves."
    return "Between-subjects experiment."


def _allocation(study: StudyFile) -> str:
    images = "the order of the images is drawn for each participant."
    if len(study.arms) == 1:
        return f"Randomisation: none of participants, because there is one arm; {images}"
    return (
        "Randomisation: permuted blocks that hold each arm "
        f"{' or '.join(map(str, study.allocation.block_multiples))} times, in a list drawn "
        f"beforehand with the seed {study.seed}; {images}"
    )


def _maps(study: StudyFile) -> list[str]:
    """Describe the method behind each arm's map, with its variant."""
    maps = [
        f"“{shown.label}”: {catalogue.get(shown.method).full_label}"
        for shown in study.conditions
        if shown.method
    ]
    return [f"Maps by condition: {'; '.join(maps)}."] if maps else []


def _simulated(file: Path, plan: Plan) -> tuple[str, ...]:
    """Return the sentences of power.json, or raise CommandError if the file is of another plan."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        told, simulated = list(document["told"].values()), document["plan"]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise CommandError(
            f"{file} is not a power.json of plan_power ({error}). Create it with "
            "manage.py plan_power."
        ) from error
    expected = json.loads(json.dumps(asdict(replace(plan, preregistration=None))))
    if {**simulated, "preregistration": None} != expected:
        raise CommandError(f"{file} belongs to another plan. Run plan_power on this study file.")
    return tuple(f"By simulation of this plan: {sentence}" for sentence in told)


def _scales(study: StudyFile) -> dict[str, str]:
    """Describe each scale from the codebook: '7 items, 1 to 7; reversed: trust3,
    trust6; trust-v1'."""
    frame = pd.DataFrame(codebook(study))
    frame = frame[frame["scale"] != ""]
    return {str(scale): _items(rows) for scale, rows in frame.groupby("scale", sort=False)}


def _items(rows: pd.DataFrame) -> str:
    turned = rows.loc[pd.to_numeric(rows["reversed"]) == 1, "item"].astype(str)
    low, high = (pd.to_numeric(rows[name]) for name in ("minimum", "maximum"))
    named = f"; reversed: {', '.join(turned)}" if len(turned) else ""
    return (
        f"{len(rows)} items of {', '.join(rows['questionnaire'].unique())}, {low.min():g} to "
        f"{high.max():g}{named}"
    )


def _told(part: Part) -> str:
    if isinstance(part, TrialsPart):
        kind = "practice" if part.is_practice else "trials"
        also = [
            f"the first {part.first_right} with right predictions" if part.first_right else "",
            f"checks of attention among them: {part.attention}" if part.attention else "",
            "with feedback" if part.feedback else "",
        ]
        told = [
            f"{kind}, task “{part.task}”, {part.trials_per_block} per block",
            *filter(None, also),
        ]
        return f"{', '.join(told)}."
    questionnaire = getattr(part, "questionnaire", "")
    return f"questionnaire {questionnaire}." if questionnaire else f"{part.key}."


def _collected(slug: str) -> int | None:
    """Count real participants of the study in this database, or None if there is no database.

    Raises CommandError if the database is older than the program, so that they cannot be counted.
    """
    try:
        return Participant.objects.filter(study__slug=slug, simulated=False).count()
    except DatabaseError:
        with suppress(NoDatabaseError):
            refuse_older_database()
        return None
