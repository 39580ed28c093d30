"""Attention check, an instructed-response item whose expected answer is drawn from the study's
seed.
"""

from django.utils.translation import gettext as _

from explanations.imagesets.dice import Dice
from surveys.models import Participant, Study
from surveys.pages.kinds import Screen
from surveys.questionnaires.base import Item, Scale
from surveys.study_file.step import Step
from surveys.study_file.stored import definition

ITEM = "attention"


def items(participant: Participant, step: Step) -> tuple[Item, ...]:
    text = _("This question checks whether you are reading carefully. Please choose “%(answer)s”.")
    wanted = _anchors()[int(expected(participant.study, step))]
    return (Item(ITEM, text % {"answer": wanted}, scale=Scale(1, 5, _anchors())),)


def expected(study: Study, step: Step) -> str:
    """Return the point that the page asks for, never the middle, as straight-liners choose it."""
    return str(Dice("attention", study.seed, step.key).choice((1, 2, 4, 5)))


def asked_checks(participant: Participant) -> int:
    """Count the attention checks that the participant has sent."""
    return len(_checks(participant))


def failed_checks(participant: Participant) -> int:
    """Count the attention checks that the participant failed."""
    return sum(not passed for passed in _checks(participant))


def _checks(participant: Participant) -> list[bool]:
    """Return for each attention check that the participant sent whether it was passed."""
    steps = {step.key: step for step in definition(participant.study).steps}
    return [
        {answer.value for answer in page.answers.all()} == {expected(participant.study, step)}
        for page in participant.submissions.all()
        if (step := steps.get(page.step)) is not None and step.kind == "attention"
    ]


def screen(participant: Participant, step: Step) -> Screen:
    return {"heading": _("A quick question")}


def _anchors() -> dict[int, str]:
    words = (
        _("Strongly disagree"),
        _("Disagree"),
        _("Neither agree nor disagree"),
        _("Agree"),
        _("Strongly agree"),
    )
    return dict(enumerate(words, start=1))
