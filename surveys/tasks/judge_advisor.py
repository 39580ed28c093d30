"""Judge-advisor task: the participant's own answer, then the classifier's, then the final
answer.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from surveys.questionnaires.base import Item
from surveys.tasks.base import Stage, Task
from surveys.tasks.items import sureness, which_class


def _first(classes: Mapping[str, str], confidence: str) -> tuple[Item, ...]:
    return (
        which_class("first_answer", _("What does the picture show?"), classes),
        *sureness("first_sureness", confidence),
    )


def _final(classes: Mapping[str, str], confidence: str) -> tuple[Item, ...]:
    text = _("What is your final answer: what does the picture show?")
    return (which_class("final_answer", text, classes), *sureness("sureness", confidence))


def _how_to() -> tuple[str, ...]:
    return (
        _("First you see a picture on its own and say what it shows."),
        _("Then you see the picture again and can keep your answer or change it."),
    )


TASK = Task(
    key="judge_advisor",
    label="Own answer, advice, final answer",
    source="judge-advisor system: Sniezek and Buckley 1995, doi 10.1006/obhd.1995.1040",
    stages=(
        Stage("first", _first, shows_prediction=False, shows_map=False),
        Stage("final", _final),
    ),
    how_to=_how_to,
)
