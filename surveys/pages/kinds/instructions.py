"""Instructions, which explain what the next trials show and ask and how to read the map, with an
example.
"""

from itertools import takewhile

from django.utils.translation import gettext as _

from explanations import catalogue
from explanations.pipeline import pictures
from surveys import tasks
from surveys.models import ArmBlock, Condition, Participant
from surveys.models.prepared_query import PreparedQuery
from surveys.pages.bonus import rule_in_words
from surveys.pages.example import example_code, example_explanation, example_prediction
from surveys.pages.kinds import Screen
from surveys.pages.kinds.stimulus import stimulus
from surveys.pages.language import spoken
from surveys.study_file.declaration import StudyFile
from surveys.study_file.parts import TrialsPart
from surveys.study_file.parts.instructions import InstructionsPart
from surveys.study_file.step import Step
from surveys.study_file.stored import definition

_BLOCK = PreparedQuery(
    lambda arm, number: (
        ArmBlock.objects.order_by().filter(arm=arm, number=number).select_related("condition")
    ),
    int,
    int,
)


def condition_of(participant: Participant, step: Step) -> Condition:
    """Return the condition of the step's block, or of the first block if the step is in none."""
    if participant.arm_id is None:
        raise ArmBlock.DoesNotExist("The participant has no arm yet.")
    (block,) = _BLOCK(participant.arm_id, max(step.block, 1))
    return block.condition


def trials_ahead(declared: StudyFile, condition: Condition, step: Step) -> list[TrialsPart]:
    """Return the runs of trials up to the next instructions or the end, including practice."""
    parts = [part for part in declared.parts if part.is_in(condition.key)]
    here = [part.key for part in parts].index(step.part)
    following = takewhile(lambda part: not isinstance(part, InstructionsPart), parts[here + 1 :])
    return [part for part in following if isinstance(part, TrialsPart)]


def _compared(declared: StudyFile, part: TrialsPart | None) -> list[catalogue.Method]:
    """Return the methods whose maps the trials compare."""
    methods = {condition.key: condition.method for condition in declared.conditions}
    return [catalogue.get(methods[key]) for key in part.compare] if part else []


def screen(participant: Participant, step: Step) -> Screen:
    """Return the values for the template.

    They explain how to read the map, with an example if one was computed. Without a map, they
    explain how to look at the images.
    """
    declared = definition(participant.study)
    condition = condition_of(participant, step)
    ahead = trials_ahead(declared, condition, step)
    part = ahead[0] if ahead else None
    task = tasks.get(part.task) if part else None
    uncovers = bool(task and task.uncovers)
    shown: Screen = {
        "heading": _("What you will see"),
        "trials": sum(run.trials_per_block for run in ahead if not run.is_practice),
        "part": step.block,  # not "block": templates use that name
        "parts": declared.blocks,
        "how_to": task.how_to() if task else (),
        "advice_follows": bool(
            task
            and condition.shows_prediction
            and not task.needs_prediction
            and not task.guesses_class
            and not uncovers
        ),
        "answer_comes_later": bool(task and task.advises_later and condition.shows_prediction),
        "says_answer": condition.shows_prediction
        and not (task and (task.guesses_class or uncovers)),
        "guesses_class": bool(task and task.guesses_class),
        "uncovers": uncovers,
        "several_maps": bool(task and task.classes),
        "compared": _compared(declared, part),
        "has_switch": declared.pages.map != "over" and not (task and task.classes),
        "method": catalogue.get(condition.method) if condition.method and not uncovers else None,
        "has_limit": any(run.has_limit for run in ahead),
        "has_own_limit": any(run.limit_of_pace for run in ahead),
        "bonus": rule_in_words(participant.study),
        "stated": spoken(participant.study).condition(condition.key).stated,
        "in_squares": pictures.is_tiny(participant.study.classifier.rule),
    }
    prediction = example_prediction(participant.study)
    if prediction is None or uncovers:  # a sharp example would show another task
        return shown
    explanation = example_explanation(condition, prediction)
    return shown | stimulus(
        participant, prediction, explanation, example_code(max(step.block, 1)), condition
    )
