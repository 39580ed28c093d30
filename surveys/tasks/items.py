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


FREE_TEXT = ("none", "reason", "think_aloud")
"""What a trial asks people to write: nothing, why they decided so, or their thoughts."""


def free_text(kind: str, *, required: bool) -> tuple[Item, ...]:
    """Return the field for a text of the participant. Empty for "none"."""
    if kind == "none":
        return ()
    text = (
        _("Why do you decide this way? Please explain it in a sentence or two.")
        if kind == "reason"
        else _(
            "What are you thinking while you look at this? Write down whatever crosses your mind."
        )
    )
    return (Item("free_text", text, kind="text", required=required, maximum_length=1000),)


def advice_sureness(kind: str) -> tuple[Item, ...]:
    """Return the question of how sure people are of the classifier's answer, once they know it.

    ``kind`` is a way to ask for confidence. Empty for "none".
    """
    if kind == "none":
        return ()
    text = _("How sure are you that the classifier's answer is right?")
    if kind == "slider":
        ends = {0: _("Certainly wrong"), 100: _("Certainly right")}
        return (Item("advice_sureness", text, kind="slider", scale=Scale(0, 100, ends)),)
    anchors = {1: _("Certainly wrong"), 3: _("As likely right as wrong"), 5: _("Certainly right")}
    return (Item("advice_sureness", text, scale=Scale(1, 5, anchors)),)


DIAGNOSIS = "diagnosis"
DIAGNOSIS_COMMENT = "diagnosis_comment"
NOTHING, WRONG_CLASS = "nothing", "wrong_class"
OF_MAPS = ("wrong_reasons", "background")
"""Diagnoses that only a person who sees a map can make."""


def diagnosis(*, with_map: bool = True) -> tuple[Item, ...]:
    """Return the optional questions of what is wrong, with the diagnoses of the map if it is
    shown.
    """
    # Without the first answer, a choice that was made by mistake could not be taken back.
    options = {
        NOTHING: _("No, nothing is wrong"),
        WRONG_CLASS: _("The answer is wrong"),
        "wrong_reasons": _("The answer is right, but for the wrong reasons"),
        "background": _("The map marks the background"),
        "cannot_tell": _("Something is wrong, but I cannot tell what"),
    }
    kept = {key: text for key, text in options.items() if with_map or key not in OF_MAPS}
    return (
        Item(
            DIAGNOSIS,
            _("Is anything wrong here? You can leave this question out."),
            kind="choice",
            options=kept,
            required=False,
        ),
        Item(
            DIAGNOSIS_COMMENT,
            _("What did you notice? You can leave this field empty."),
            kind="short_text",
            required=False,
            maximum_length=300,
        ),
    )


def which_class(key: str, text: str, classes: Mapping[str, str]) -> Item:
    """Return a choice among the classifier's classes, labelled as participants read them."""
    return Item(key, text, kind="choice", options=classes)
