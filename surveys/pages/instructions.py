"""What the following trials show and ask, and how to read the map, with an example."""

from itertools import takewhile

from django.utils.translation import gettext as _

from explanations import catalogue
from surveys import tasks
from surveys.examples import example_code, example_explanation, example_prediction
from surveys.models import ArmBlock, Condition, Participant
from surveys.pages import Screen
from surveys.pages.stimulus import stimulus
from surveys.parts import TrialsPart
from surveys.parts.instructions import InstructionsPart
from surveys.steps import Step
from surveys.studyfile import definition


def condition_of(participant: Participant, step: Step) -> Condition:
    """What the step's block shows; outside of blocks, what the first one does."""
    blocks = ArmBlock.objects.filter(arm=participant.arm_id, number=max(step.block, 1))
    return blocks.select_related("condition").get().condition


def next_trials(participant: Participant, step: Step) -> TrialsPart | None:
    """The run of trials that comes next in the file, practice included, if the arm shows any."""
    return next(iter(trials_ahead(participant, step)), None)


def trials_ahead(participant: Participant, step: Step) -> list[TrialsPart]:
    """The runs of trials that the arm shows from here to the next instructions, or to the end."""
    arm = condition_of(participant, step).key
    parts = [part for part in definition(participant.study).parts if part.is_in(arm)]
    here = [part.key for part in parts].index(step.part)
    following = takewhile(lambda part: not isinstance(part, InstructionsPart), parts[here + 1 :])
    return [part for part in following if isinstance(part, TrialsPart)]


def screen(participant: Participant, step: Step) -> Screen:
    """How to read the map, with an example if one is computed; without a map, how to look."""
    declared = definition(participant.study)
    condition = condition_of(participant, step)
    part = next_trials(participant, step)
    task = tasks.get(part.task) if part else None
    shown: Screen = {
        "heading": _("What you will see"),
        "trials": sum(
            own.trials_per_block for own in trials_ahead(participant, step) if not own.is_practice
        ),
        "part": step.block,  # not "block": within a block, templates call the block itself so
        "parts": declared.blocks,
        "how_to": task.how_to() if task else (),
        "advice_follows": bool(
            task
            and condition.shows_prediction
            and not task.needs_prediction
            and not task.guesses_class
        ),
        "answer_comes_later": bool(task and task.advises_later and condition.shows_prediction),
        "says_answer": condition.shows_prediction and not (task and task.guesses_class),
        "guesses_class": bool(task and task.guesses_class),
        "several_maps": bool(task and task.classes),
        "method": catalogue.get(condition.method) if condition.method else None,
    }
    prediction = example_prediction(participant.study)
    if prediction is None:
        return shown
    explanation = example_explanation(condition, prediction)
    return shown | stimulus(
        participant, prediction, explanation, example_code(max(step.block, 1)), condition
    )
