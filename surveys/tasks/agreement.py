"""Agreement task, in which the participant rates, with the map in view, whether the prediction is
right.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from surveys.questionnaires.base import Item
from surveys.tasks.base import Stage, Task


def _asks(classes: Mapping[str, str], confidence: str) -> tuple[Item, ...]:
    options = {
        "1": _("I am quite sure that it is wrong"),
        "2": _("I think it is wrong, but I am not sure"),
        "3": _("I think it is right, but I am not sure"),
        "4": _("I am quite sure that it is right"),
    }
    return (
        Item("rated_right", _("Is the classifier's answer right?"), kind="choice", options=options),
    )


def _how_to() -> tuple[str, ...]:
    return (
        _(
            "For each picture, you see the classifier's answer. "
            "It is often right and sometimes wrong."
        ),
        _("Rate how likely it is that this answer is right."),
    )


TASK = Task(
    key="agreement",
    label="Rate whether the prediction is right",
    source="agreement task: HIVE, Kim et al. 2022, arXiv 2112.03184",
    stages=(Stage("", _asks),),
    how_to=_how_to,
    needs_prediction=True,
)
