"""The sequence of pages that a participant walks, and the kinds of pages that there are."""

from collections.abc import Set
from dataclasses import dataclass

from django.utils.module_loading import import_string

from surveys import studyfile
from surveys.models import Participant, Study, Submission
from surveys.prepared import PreparedQuery
from surveys.questionnaires.base import Item
from surveys.steps import Step

__all__ = ["KINDS", "Kind", "Step", "current_step", "items", "progress", "steps"]


@dataclass(frozen=True)
class Kind:
    """A kind of page: its template, and the module that knows what stands on it.

    The module has ``screen(participant, step)``, what the template shows, and may have
    ``items(participant, step)``, what the page asks. ``needs_arm``: it differs between arms, so
    that nobody comes to it before the allocation.
    """

    key: str
    template: str
    module: str
    needs_arm: bool = True


KINDS = (
    Kind("questionnaire", "surveys/questionnaire.html", "surveys.pages.questionnaire", False),
    Kind("text", "surveys/text.html", "surveys.pages.text", False),
    Kind("attention", "surveys/attention.html", "surveys.pages.attention", False),
    Kind("pause", "surveys/pause.html", "surveys.pages.pause", False),
    Kind("instructions", "surveys/instructions.html", "surveys.pages.instructions"),
    Kind("quiz", "surveys/quiz.html", "surveys.pages.quiz"),
    Kind("trial", "surveys/trial.html", "surveys.pages.trial"),
    Kind("feedback", "surveys/feedback.html", "surveys.pages.feedback"),
)


def kind_of(step: Step) -> Kind:
    """The entry of KINDS that the step names."""
    return next(kind for kind in KINDS if kind.key == step.kind)


def needs_arm(step: Step) -> bool:
    """Whether nobody comes to the page before the allocation: it, or who sees it, hangs on arms."""
    return bool(step.arms) or kind_of(step).needs_arm


def steps(study: Study) -> tuple[Step, ...]:
    """Every page between consent and debrief, in order, those included that not all arms show."""
    return studyfile.definition(study).steps


def steps_of(participant: Participant) -> tuple[Step, ...]:
    """The pages that the participant's arm shows; before the allocation, those of all arms."""
    declared = studyfile.definition(participant.study)
    return declared.steps if participant.arm is None else declared.steps_of(participant.arm.key)


def step_of(study: Study, key: str) -> Step | None:
    """The step of this key; None when the study has none."""
    return next((step for step in steps(study) if step.key == key), None)


def items(participant: Participant, step: Step) -> tuple[Item, ...]:
    """What the page asks; its answers are stored under the items' ids."""
    module = kind_of(step).module
    try:
        asked: tuple[Item, ...] = import_string(f"{module}.items")(participant, step)
    except ImportError:
        return ()
    return asked


_SENT = PreparedQuery(
    lambda person: Submission.objects.filter(participant=person).order_by().values_list("step"), int
)


def sent(participant: Participant) -> set[str]:
    """The keys of the steps that the participant has sent."""
    return {step for (step,) in _SENT(participant.pk)}


def first_unsent(participant: Participant, sent: Set[str]) -> Step | None:
    """The first page that is to be sent and whose key is not among those sent; None at the end."""
    from surveys.pages.quiz import is_skipped  # it reads answers

    return next(
        (
            step
            for step in steps_of(participant)
            if step.key not in sent and not is_skipped(participant, step)
        ),
        None,
    )


def current_step(participant: Participant) -> Step | None:
    """The first page that the participant has not sent; None when all are sent."""
    return first_unsent(participant, sent(participant))


def progress(participant: Participant, step: Step) -> tuple[int, int]:
    """The page's number, from 1, and the number of pages."""
    sequence = steps_of(participant)
    return sequence.index(step) + 1, len(sequence)
