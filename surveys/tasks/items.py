"""Questions that several tasks ask."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from surveys.questionnaires.base import Item, Scale

CONFIDENCE = ("points", "slider", "none")
"""How a task asks for confidence: on five points, on a slider from 0 to 100, or not at all."""


def sureness(key: str, confidence: str) -> tuple[Item, ...]:
    """Return the question of how confident the decision is, under the key. Empty for "none"."""
    if confidence == "none":
        return ()
    text = _("How sure are you of your decision?")
    if confidence == "slider":
        ends = {0: _("Not at all sure"), 100: _("Completely sure")}
        return (Item(key, text, kind="slider", scale=Scale(0, 100, ends)),)
    anchors = {1: _("Not at all sure"), 3: _("Fairly sure"), 5: _("Completely sure")}
    return (Item(key, text, scale=Scale(1, 5, anchors)),)


def which_class(key: str, text: str, classes: Mapping[str, str]) -> Item:
    """Return a choice among the classifier's classes, labelled as participants read them."""
    return Item(key, text, kind="choice", options=classes)
