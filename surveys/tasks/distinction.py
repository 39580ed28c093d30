"""Distinction task, in which the participant picks the predicted class's map among the maps of four
classes.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from surveys.questionnaires.base import Item
from surveys.tasks.base import Stage, Task
from surveys.tasks.items import sureness

CLASSES = 4


def _asks(classes: Mapping[str, str], confidence: str) -> tuple[Item, ...]:
    options = {str(n): _("Map %(number)s") % {"number": n} for n in range(1, CLASSES + 1)}
    text = _("Which map belongs to the class that the classifier names?")
    return (
        Item("chosen_map", text, kind="choice", options=options),
        *sureness("sureness", confidence),
    )


def _how_to() -> tuple[str, ...]:
    return (
        _("The classifier's answer is hidden here."),
        _("Each picture comes with four maps, one for each of four classes that it could show."),
        _(
            "One of them belongs to the class that the classifier names. "
            "For each picture, choose that map."
        ),
    )


TASK = Task(
    key="distinction",
    label="Tell the map of the prediction from others",
    source="distinction task: HIVE, Kim et al. 2022, arXiv 2112.03184",
    stages=(Stage("", _asks, shows_prediction=False, shows_map=False, classes=CLASSES),),
    how_to=_how_to,
    guesses_class=True,
)
