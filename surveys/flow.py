"""The sequence of pages that a participant walks, and the kinds of pages that there are."""

from collections.abc import Set
from dataclasses import dataclass

from surveys import questionnaires, studyfile
from surveys.models import Participant, Study
from surveys.questionnaires.base import Item, Scale


@dataclass(frozen=True)
class Kind:
    """A kind of page: its template, and the dotted path of what fills it beside the items."""

    key: str
    template: str
    screen: str


KINDS = (
    Kind("questionnaire", "surveys/questionnaire.html", "surveys.screens.questionnaire"),
    Kind("instructions", "surveys/instructions.html", "surveys.screens.instructions"),
    Kind("trial", "surveys/trial.html", "surveys.screens.trial"),
)
TRIAL_ITEMS = (
    Item(
        "agreed",
        "Do you accept the classifier's answer?",
        kind="choice",
        options={"1": "Yes, I accept it", "0": "No, I reject it"},
    ),
    Item(
        "sureness",
        "How sure are you of your decision?",
        scale=Scale(1, 5, {1: "Not at all sure", 3: "Fairly sure", 5: "Completely sure"}),
    ),
)


@dataclass(frozen=True)
class Step:
    """One page of the sequence. ``trial_position`` counts from 1 and is None on other pages."""

    key: str
    kind: str
    questionnaire: str = ""
    trial_position: int | None = None


def kind_of(step: Step) -> Kind:
    """The entry of KINDS that the step names."""
    return next(kind for kind in KINDS if kind.key == step.kind)


def steps(study: Study) -> tuple[Step, ...]:
    """Every page between consent and debrief, in order: the same for all arms."""
    definition = studyfile.definition(study)
    trials = range(1, definition.images.right + definition.images.wrong + 1)
    return (
        *(Step(f"before:{key}", "questionnaire", key) for key in definition.before),
        Step("instructions", "instructions"),
        *(Step(f"trial:{n}", "trial", trial_position=n) for n in trials),
        *(Step(f"after:{key}", "questionnaire", key) for key in definition.after),
    )


def items(step: Step) -> tuple[Item, ...]:
    """What the page asks; its answers are stored under the items' ids."""
    if step.kind == "questionnaire":
        return questionnaires.get(step.questionnaire).items
    return TRIAL_ITEMS if step.kind == "trial" else ()


def sent(participant: Participant) -> set[str]:
    """The keys of the steps that the participant has sent."""
    return set(participant.submissions.order_by().values_list("step", flat=True))


def first_unsent(study: Study, sent: Set[str]) -> Step | None:
    """The first page whose key is not among those sent; None when all are."""
    return next((step for step in steps(study) if step.key not in sent), None)


def current_step(participant: Participant) -> Step | None:
    """The first page that the participant has not sent; None when all are sent."""
    return first_unsent(participant.study, sent(participant))


def progress(participant: Participant, step: Step) -> tuple[int, int]:
    """The page's number, from 1, and the number of pages."""
    sequence = steps(participant.study)
    return sequence.index(step) + 1, len(sequence)
