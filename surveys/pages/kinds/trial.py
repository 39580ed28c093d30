"""Trial: one image, and the questions of one stage of its task."""

from typing import cast

from django.utils.translation import gettext as _

from surveys import tasks
from surveys.models import Participant, Trial
from surveys.models.prepared_query import PreparedQuery
from surveys.pages import sequence
from surveys.pages.kinds import Screen
from surveys.pages.kinds.stimulus import maps_beside, maps_compared, stimulus, to_uncover
from surveys.pages.language import spoken
from surveys.pages.pace import limit_seconds
from surveys.questionnaires.base import Item
from surveys.study_file.parts import TrialsPart
from surveys.study_file.step import Step
from surveys.study_file.stored import definition
from surveys.tasks.items import advice_sureness, diagnosis, free_text
from surveys.tasks.preference import with_neither


def items(participant: Participant, step: Step) -> tuple[Item, ...]:
    part = part_of(participant, step)
    texts = spoken(participant.study)
    classes = {name: texts.class_label(name) for name in participant.study.image_set.class_names}
    task = tasks.get(part.task)
    asked = task.stage(step.stage).asks(classes, part.confidence)
    if part.neither:
        asked = with_neither(asked)
    if step.stage != task.stages[-1].key:
        return asked
    written = free_text(part.free_text, required=part.free_text_required)
    # Thoughts come before the decision, reasons after it.
    asked = (*written, *asked) if part.free_text == "think_aloud" else (*asked, *written)
    if not part.diagnosis and part.advice_confidence == "none":
        return asked
    trial = trial_of(participant, step)
    if not trial.condition.shows_prediction:
        return asked
    asked = (*asked, *advice_sureness(part.advice_confidence))
    if not part.diagnosis:
        return asked
    return (*asked, *diagnosis(with_map=trial.explanation is not None))


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
    if stage.classes:  # the maps to choose from replace the single map
        shown |= maps_beside(trial)
    elif stage.compares:
        shown |= maps_compared(trial, names_class=shown.get("prediction"))
    elif stage.uncovers:
        shown |= to_uncover(trial, part)
    heading = _("Practice picture") if part.is_practice else _("Picture")
    return shown | {
        "heading": f"{heading} {_number(participant, step)}",
        "is_practice": part.is_practice,
        "minimum_ms": 1000 * part.minimum_seconds,
        "limit_seconds": limit_seconds(participant, step),
        "needs_pictures": definition(participant.study).pages.without_picture == "skip",
    }


def _number(participant: Participant, step: Step) -> int:
    """Return the trial's number among the trials of the participant's arm, from 1.

    Practice trials are numbered separately.
    """
    practice = part_of(participant, step).is_practice
    positions = dict.fromkeys(
        other.trial_position
        for other in sequence.steps_of(participant)
        if other.trial_position is not None and part_of(participant, other).is_practice == practice
    )
    return list(positions).index(step.trial_position or 0) + 1


def part_of(participant: Participant, step: Step) -> TrialsPart:
    """Return the run of trials that the step belongs to."""
    return cast("TrialsPart", definition(participant.study).part(step.part))


_TRIAL = PreparedQuery(
    lambda person, position: (
        Trial.objects.order_by()
        .select_related("stimulus__prediction__image", "explanation", "condition")
        .filter(participant=person, position=position)
    ),
    int,
    int,
)


def trial_of(participant: Participant, step: Step) -> Trial:
    """Return the step's trial with everything that a page shows of it. Raises Trial.DoesNotExist if
    the participant has no trials yet.
    """
    for trial in _TRIAL(participant.pk, step.trial_position or 0):
        return _completed(trial, participant)
    raise Trial.DoesNotExist(f"The participant has no trial {step.trial_position}.")


def _completed(trial: Trial, participant: Participant) -> Trial:
    trial.participant = participant
    # Its stimuli are of the study's classifier, which the participant's request has read already.
    trial.stimulus.prediction.classifier = participant.study.classifier
    if (
        trial.explanation is not None
    ):  # both are of one prediction, so the database need not join it twice
        trial.explanation.prediction = trial.stimulus.prediction
    return trial
