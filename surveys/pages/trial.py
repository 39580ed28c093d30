"""A trial: one image, and the questions of one stage of its task."""

from typing import cast

from django.utils.translation import gettext as _

from surveys import tasks
from surveys.languages import spoken
from surveys.models import Participant, Trial
from surveys.pages import Screen
from surveys.pages.stimulus import stimulus
from surveys.parts import TrialsPart
from surveys.questionnaires.base import Item
from surveys.steps import Step
from surveys.studyfile import definition


def items(participant: Participant, step: Step) -> tuple[Item, ...]:
    part = part_of(participant, step)
    texts = spoken(participant.study)
    classes = {name: texts.class_label(name) for name in participant.study.image_set.class_names}
    return tasks.get(part.task).stage(step.stage).asks(classes, part.confidence)


def screen(participant: Participant, step: Step) -> Screen:
    part = part_of(participant, step)
    task = tasks.get(part.task)
    stage = task.stage(step.stage)
    trial = trial_of(participant, step)
    shown = stimulus(
        participant,
        trial.stimulus.prediction,
        trial.explanation if stage.shows_map else None,
        trial.picture_code,
        trial.condition,
        shows_prediction=stage.shows_prediction,
        names_class=not task.guesses_class,
    )
    heading = _("Practice picture") if part.is_practice else _("Picture")
    return shown | {
        "heading": f"{heading} {trial.position}",
        "is_practice": part.is_practice,
        "minimum_ms": 1000 * part.minimum_seconds,
        "limit_ms": 1000 * part.limit_seconds,
        "limit_seconds": part.limit_seconds,
    }


def part_of(participant: Participant, step: Step) -> TrialsPart:
    """The run of trials that the step belongs to."""
    return cast("TrialsPart", definition(participant.study).part(step.part))


def trial_of(participant: Participant, step: Step) -> Trial:
    """The step's trial with all that a page shows of it."""
    trials = participant.trials.select_related(
        "stimulus__prediction__image", "explanation__prediction__image", "condition"
    )
    return trials.get(position=step.trial_position or 0)
