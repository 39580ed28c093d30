"""Uncovering task, in which the participant clears places of a blurred picture until they can say
what it shows.
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
    return (
        _(
            "Each picture is blurred. Move the pointer or a finger over it to see a small circle "
            "of it clearly."
        ),
        _(
            "With a keyboard, press Tab until the picture is framed, then move the circle with the "
            "arrow keys. If the page has a grid of buttons instead, each button clears one place."
        ),
        _("Look only at the places that you need, then say what the picture shows."),
    )


TASK = Task(
    key="uncover",
    label="Uncover a blurred picture and say what it shows",
    source="places cleared with the mouse: Jiang et al. 2015 (SALICON), CVPR; Das et al. 2016, "
    "arXiv 1606.03556; Kim et al. 2017 (BubbleView), doi 10.1145/3131275",
    stages=(Stage("", _asks, shows_prediction=False, shows_map=False, uncovers=True),),
    how_to=_how_to,
)
