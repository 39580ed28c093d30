"""Items as form fields, and in the form that their templates need."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from surveys.questionnaires.base import DOES_NOT_APPLY, SEPARATOR, WRITTEN, Item

RADIOS = "surveys/questions/radios.html"
TEMPLATES = {
    "slider": "surveys/questions/slider.html",
    "multiple": "surveys/questions/boxes.html",
    "number": "surveys/questions/number.html",
    "short_text": "surveys/questions/short_text.html",
    "text": "surveys/questions/text.html",
}
PARKED_SHARE = 0.08
"""How far to the left of its scale a slider is parked, as a share of the scale's length."""


def missing(item: Item) -> str:
    """Return the error for a required item that is not answered."""
    return {
        "scale": _("Please choose one point on the scale."),
        "slider": _("Please move the slider to your answer."),
        "choice": _("Please choose one answer."),
        "multiple": _("Please choose at least one answer."),
        "number": _("Please enter a number."),
    }.get(item.kind, _("Please enter a short answer."))


def invalid(item: Item) -> str:
    """Return the error for an answer that cannot be stored."""
    if item.range is not None:
        words = {"minimum": _digits(item.range.minimum), "maximum": _digits(item.range.maximum)}
        if item.range.decimals:
            return _("Please enter a number from %(minimum)s to %(maximum)s.") % words
        return _("Please enter a whole number from %(minimum)s to %(maximum)s.") % words
    if item.kind in WRITTEN:
        return _("Please use at most %(count)s characters.") % {"count": item.maximum_length}
    if item.kind == "multiple" and item.exclusive:
        alone = " / ".join(item.options[value] for value in item.exclusive)
        return _("“%(answer)s” cannot be combined with other answers.") % {"answer": alone}
    return missing(item)


class ItemField(forms.Field):
    """Form field of an item, whose cleaned value is the text to store."""

    def __init__(self, item: Item) -> None:
        widget = forms.SelectMultiple if item.kind == "multiple" else forms.TextInput
        super().__init__(required=item.required, label=item.text, widget=widget)
        self.item = item

    def clean(self, value: Any) -> str:
        text = _as_stored(self.item, value)
        if not text and self.required:
            raise ValidationError(missing(self.item), code="required")
        if text and not self.item.accepts(text):
            raise ValidationError(invalid(self.item), code="invalid")
        return text


def _as_stored(item: Item, value: Any) -> str:
    """Return the answer in the only spelling that is stored. ``Item.accepts`` decides whether it is
    valid.
    """
    if item.kind == "multiple":
        sent = [value] if isinstance(value, str) else list(value or [])
        known = [option for option in item.options if option in sent]
        # Unknown values are kept, so that ``accepts`` refuses them instead of dropping them.
        return SEPARATOR.join(known + [other for other in sent if other not in item.options])
    text = str(value or "").replace("\r\n", "\n")  # browsers count a line break as one character
    if item.kind == "number":
        return text.strip().replace(",", ".")
    if item.kind == "slider":
        return "" if _is_parked(item, text) else text
    if item.kind == "short_text":
        return text.strip()
    return text if item.kind != "text" or text.strip() else ""


def _is_parked(item: Item, text: str) -> bool:
    """Return whether the slider was left parked, to the left of its scale."""
    scale = item.scale
    return scale is not None and text.lstrip("-").isdigit() and int(text) < scale.minimum


@dataclass(frozen=True)
class Option:
    """An option of a question."""

    value: str
    label: str
    id: str
    chosen: bool


class Question:
    """An item in the form that its template needs, with wording, options, and the error, if any."""

    def __init__(self, item: Item, bound: forms.BoundField) -> None:
        self.item, self.name, self.id = item, bound.name, f"id_{bound.name}"
        given = bound.value()
        self.value = given if isinstance(given, str) else ""
        chosen = set(given or ()) if item.kind == "multiple" else {self.value}
        self.error = next(iter(bound.errors), "")
        codes = {error.code for error in bound.form.errors.as_data().get(bound.name, ())}
        self.is_missing = "required" in codes
        self.template = TEMPLATES.get(item.kind, RADIOS)
        options = _options(item.values, self.id, chosen)
        self.options = [option for option in options if option.value != DOES_NOT_APPLY]
        self.apart = [option for option in options if option.value == DOES_NOT_APPLY]
        # Labels of some points are drawn under the scale; labels of all points are the options.
        self.in_words = bool(self.options) and all(option.label for option in self.options)

    @property
    def first_id(self) -> str:
        """Return the id that the list of errors links to."""
        return self.options[0].id if self.options else self.id

    @property
    def layout(self) -> str:
        if self.item.kind == "scale" and not self.in_words:
            return "scale"
        return "pair" if len(self.options) == 2 and not self.apart else "list"

    @property
    def described_by(self) -> str:
        """Return the ids of the texts that explain the question, for aria-describedby."""
        parts = ("help", self.has_help), ("hint", self.item.hint), ("error", self.error)
        return " ".join(f"{self.id}_{part}" for part, there in parts if there)

    @property
    def has_help(self) -> bool:
        return self.item.kind in ("slider", "number")

    @property
    def ends(self) -> list[tuple[str, str]]:
        """Return the labelled points of a scale, as number and label."""
        anchors = self.item.scale.anchors if self.item.scale else {}
        return [(str(point), label) for point, label in anchors.items()]

    @property
    def parked(self) -> int:
        """Return the value of an unanswered slider: whole steps to the left of its scale."""
        scale = self.item.scale
        if scale is None:
            return 0
        steps = max(1, round(PARKED_SHARE * (scale.maximum - scale.minimum) / scale.step))
        return scale.minimum - steps * scale.step

    @property
    def range_text(self) -> str:
        """Return the sentence that tells which numbers can be typed."""
        return invalid(self.item)


def _options(values: Mapping[str, str], question_id: str, chosen: set[str]) -> list[Option]:
    return [
        Option(value, label, f"{question_id}_{n}", chosen=value in chosen)
        for n, (value, label) in enumerate(values.items())
    ]


def _digits(number: float) -> str:
    return f"{number:g}"
