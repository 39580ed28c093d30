"""Forward simulation task, in which the participant guesses the classifier's answer."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from surveys.questionnaires.base import Item
from surveys.tasks.base import Stage, Task
from surveys.tasks.items import sureness, which_class


def _asks(classes: Mapping[str, str], confidence: str) -> tuple[Item, ...]:
    text = _("What does the classifier say the picture shows?")
    return (which_class("guessed_answer", text, classes), *sureness("sureness", confidence))


def _how_to() -> tuple[str, ...]:
    return (
        _("The classifier's answer is hidden here."),
        _("For each picture, guess what the classifier says. It is not always right."),
    )


TASK = Task(
    key="forward_simulation",
    label="Guess the classifier's answer",
    source="forward simulation: Doshi-Velez and Kim 2017, arXiv 1702.08608",
    stages=(Stage("", _asks, shows_prediction=False),),
    how_to=_how_to,
    guesses_class=True,
)
