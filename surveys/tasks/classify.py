"""Classification task, in which the participant names the class, with or without the classifier's
help.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from surveys.questionnaires.base import Item
from surveys.tasks.base import Stage, Task
from surveys.tasks.items import sureness, which_class


def _asks(classes: Mapping[str, str], confidence: str) -> tuple[Item, ...]:
    return (
        which_class("final_answer", _("What does the picture show?"), classes),
        *sureness("sureness", confidence),
    )


def _how_to() -> tuple[str, ...]:
    return (_("For each picture, decide what it shows."),)


TASK = Task(
    key="classify",
    label="Say what the image shows",
    source="human alone against human with advice: Bansal et al. 2021, doi 10.1145/3411764.3445717",
    stages=(Stage("", _asks),),
    how_to=_how_to,
)
