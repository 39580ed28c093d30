"""Preference task, in which the participant sees two maps of the same answer side by side, by
different methods, and chooses one.
"""

from collections.abc import Mapping
from dataclasses import replace

from django.utils.translation import gettext as _

from surveys.questionnaires.base import Item
from surveys.tasks.base import Stage, Task
from surveys.tasks.items import sureness

COMPARED = 2
PREFERRED, NEITHER = "preferred_map", "0"
"""The question of the task, and its answer if neither map is preferred."""


def _asks(classes: Mapping[str, str], confidence: str) -> tuple[Item, ...]:
    options = {str(n): _("Map %(number)s") % {"number": n} for n in range(1, COMPARED + 1)}
    text = _("Which map explains the classifier's answer better?")
    return (
        Item(PREFERRED, text, kind="choice", options=options),
        *sureness("sureness", confidence),
    )


def with_neither(asked: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return the task's questions with the further answer that neither map is better."""
    more = {NEITHER: _("Neither of the two")}
    return tuple(
        replace(item, options={**item.options, **more}) if item.id == PREFERRED else item
        for item in asked
    )


def _how_to() -> tuple[str, ...]:
    return (
        _("Each picture comes with two maps, which explain the same answer in different ways."),
        _("For each picture, choose the map that explains the answer better to you."),
    )


TASK = Task(
    key="preference",
    label="Choose between two maps",
    source="paired comparison: Bradley and Terry 1952, doi 10.2307/2334029; forced choice between "
    "explanations: Jeyakumar et al. 2020, NeurIPS 33",
    stages=(Stage("", _asks, shows_map=False, compares=COMPARED),),
    how_to=_how_to,
    needs_prediction=True,
)
