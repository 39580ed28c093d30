"""The form of a page, derived from the items that the page asks."""

import math
from dataclasses import dataclass
from typing import Any

from django import forms

from surveys import flow
from surveys.questionnaires.base import Item

MISSING = {
    "scale": "Please choose one point of the scale.",
    "choice": "Please choose one answer.",
    "text": "Please write a short answer.",
}

TEMPLATES = {"text": "surveys/questions/text.html"}


class ResponseTimeField(forms.Field):
    """Milliseconds by the browser's clock; whatever is not a time counts as not measured."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> float | None:
        try:
            milliseconds = float(value)
        except (TypeError, ValueError):
            return None
        return milliseconds if math.isfinite(milliseconds) and milliseconds >= 0 else None


class PageForm(forms.Form):
    """The questions of one step, the step itself, and the response time.

    Fields that the page does not have are ignored, whatever a request carries.
    """

    step = forms.CharField(widget=forms.HiddenInput)
    response_time_ms = ResponseTimeField()

    def __init__(self, step: flow.Step, data: Any = None) -> None:
        super().__init__(data, initial={"step": step.key}, use_required_attribute=False)
        self.items = flow.items(step)
        for item in self.items:
            self.fields[item.id] = _field(item)

    @property
    def answers(self) -> dict[str, str]:
        """The valid answers by item, as clicked or typed; an item left empty is not in it."""
        return {
            item.id: self.cleaned_data[item.id] for item in self.items if self.cleaned_data[item.id]
        }

    @property
    def questions(self) -> list["Question"]:
        return [Question(item, self[item.id]) for item in self.items]

    @property
    def unanswered(self) -> list["Question"]:
        """The questions whose answer is missing or cannot be stored."""
        return [question for question in self.questions if question.error]


@dataclass(frozen=True)
class Option:
    """One answer to choose."""

    value: str
    label: str
    id: str
    chosen: bool


class Question:
    """An item as its template needs it: words, answers to choose from, and what is wrong."""

    def __init__(self, item: Item, bound: forms.BoundField) -> None:
        self.item, self.name, self.id = item, bound.name, f"id_{bound.name}"
        self.value = bound.value() or ""
        self.error = next(iter(bound.errors), "")
        self.template = TEMPLATES.get(item.kind, "surveys/questions/radios.html")
        labels = list(item.values.values())
        self.options = [
            Option(value, label, f"{self.id}_{n}", chosen=value == self.value)
            for n, (value, label) in enumerate(item.values.items())
        ]
        # Words at some points stand under the scale; words at every point stand in the answers.
        self.in_words = bool(labels) and all(labels)

    @property
    def first_id(self) -> str:
        """Where the list of errors leads to."""
        return self.options[0].id if self.options else self.id

    @property
    def layout(self) -> str:
        if self.item.kind == "scale" and not self.in_words:
            return "scale"
        return "pair" if len(self.options) == 2 else "list"


def _field(item: Item) -> forms.Field:
    messages = {"required": MISSING[item.kind], "invalid_choice": MISSING[item.kind]}
    if item.values:
        return forms.ChoiceField(
            choices=list(item.values.items()),
            required=item.required,
            label=item.text,
            error_messages=messages,
        )
    return forms.CharField(
        max_length=item.maximum_length,
        required=item.required,
        label=item.text,
        strip=False,
        error_messages=messages,
    )
