"""What the following trials show and ask, and how to read the map, with an example."""

from django.utils.translation import gettext as _

from explanations import catalogue
from surveys import tasks
from surveys.examples import example_code, example_explanation, example_prediction
from surveys.models import ArmBlock, Condition, Participant
from surveys.pages import Screen
from surveys.pages.stimulus import stimulus
from surveys.parts import TrialsPart
from surveys.steps import Step
from surveys.studyfile import definition


def condition_of(participant: Participant, step: Step) -> Condition:
    """What the step's block shows; outside of blocks, what the first one does."""
    blocks = ArmBlock.objects.filter(arm=participant.arm_id, number=max(step.block, 1))
    return blocks.select_related("condition").get().condition


def next_trials(participant: Participant, step: Step) -> TrialsPart | None:
    """The run of trials that comes next in the file, practice included, if any does."""
    parts = definition(participant.study).parts
    here = [part.key for part in parts].index(step.part)
    following = (part for part in parts[here:] if isinstance(part, TrialsPart))
    return next(following, None)


def screen(participant: Participant, step: Step) -> Screen:
    """How to read the map, with an example if one is computed; without a map, how to look."""
    declared = definition(participant.study)
    condition = condition_of(participant, step)
    part = next_trials(participant, step)
    task = tasks.get(part.task) if part else None
    shown: Screen = {
        "heading": _("What you will see"),
        "trials": sum(own.trials_per_block for own in declared.trial_parts if not own.is_practice),
        "block": step.block,
        "blocks": declared.blocks,
        "how_to": task.how_to() if task else (),
        "advice_follows": bool(
            task
            and condition.shows_prediction
            and not task.needs_prediction
            and not task.guesses_class
        ),
        "says_answer": condition.shows_prediction and not (task and task.guesses_class),
        "guesses_class": bool(task and task.guesses_class),
        "method": catalogue.get(condition.method) if condition.method else None,
    }
    prediction = example_prediction(participant.study)
    if prediction is None:
        return shown
    explanation = example_explanation(condition, prediction)
    return shown | stimulus(
        participant, prediction, explanation, example_code(max(step.block, 1)), condition
    )
