"""Accept-or-reject task, in which the participant decides whether to accept the classifier's
answer.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from surveys.questionnaires.base import Item
from surveys.tasks.base import Stage, Task
from surveys.tasks.items import sureness


def _asks(classes: Mapping[str, str], confidence: str) -> tuple[Item, ...]:
    return (
        Item(
            "agreed",
            _("Do you accept the classifier's answer?"),
            kind="choice",
            options={"1": _("Yes, I accept it"), "0": _("No, I reject it")},
        ),
        *sureness("sureness", confidence),
    )


def _how_to() -> tuple[str, ...]:
    return (
        _(
            "For each picture, you see the classifier's answer. "
            "It is often right and sometimes wrong."
        ),
        _("Decide whether you accept this answer."),
    )


TASK = Task(
    key="decide",
    label="Accept or reject",
    source="one-stage reliance: Bansal et al. 2021, doi 10.1145/3411764.3445717",
    stages=(Stage("", _asks),),
    how_to=_how_to,
    needs_prediction=True,
)
