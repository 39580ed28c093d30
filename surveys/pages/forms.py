"""The form of a page, derived from the items that the page asks."""

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from surveys.models import Participant
from surveys.pages import item_order, sequence, uncovering
from surveys.pages.browser_timings import read_timings
from surveys.pages.form_fields import ItemField, Question
from surveys.pages.kinds import perception
from surveys.pages.missing_pictures import is_skipped
from surveys.pages.sent_page import SentPage
from surveys.pages.signals import (
    FIELD,
    HIDDEN_FIELD,
    are_counted,
    hidden_answer,
    read_signals,
)
from surveys.pages.time_limit import timed_out
from surveys.questionnaires.base import Item


class ResponseTimeField(forms.Field):
    """Field for milliseconds by the browser's clock. An invalid time counts as not measured."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> float | None:
        try:
            milliseconds = float(value)
        except (TypeError, ValueError):
            return None
        return milliseconds if math.isfinite(milliseconds) and milliseconds >= 0 else None


class ItemsForm(forms.Form):
    """Form of the items, in their order. Any other field of a request is ignored."""

    def __init__(self, items: Sequence[Item], data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial, use_required_attribute=False)
        self.items = tuple(items)
        for item in self.items:
            self.fields[item.id] = ItemField(item)

    @property
    def answers(self) -> dict[str, str]:
        """Return the valid answers by item, as clicked or typed, without items left empty."""
        return {
            item.id: self.cleaned_data[item.id] for item in self.items if self.cleaned_data[item.id]
        }

    @property
    def html(self) -> list[SafeString]:
        """Return the questions as HTML, with what was answered and what is wrong with it."""
        return [self._html_of(item) for item in self.items]

    def _html_of(self, item: Item) -> SafeString:
        if self.is_bound or item.id in self.initial:
            return _html(Question(item, self[item.id]))
        return _unanswered(item, get_language() or "")

    @cached_property
    def questions(self) -> list[Question]:
        return [Question(item, self[item.id]) for item in self.items]

    @property
    def unanswered(self) -> list[Question]:
        """Return the questions whose answer is missing or cannot be stored."""
        if not self.is_bound:
            return []
        return [question for question in self.questions if question.error]

    @property
    def missing(self) -> list[Question]:
        """Return the questions that were not answered."""
        return [question for question in self.unanswered if question.is_missing]

    @property
    def invalid(self) -> list[Question]:
        """Return the questions whose answer cannot be stored as it is."""
        return [question for question in self.unanswered if not question.is_missing]


@lru_cache(maxsize=4096)
def _unanswered(item: Item, language: str) -> SafeString:
    """Return the HTML of a question without an answer, in the language, which is the active one.

    Everybody who is asked gets the same, and it takes a third of a page's processor time to render.
    Answered questions are never cached: answers of people would stay in memory.
    """
    return _html(Question(item, ItemsForm([item])[item.id]))


def _html(question: Question) -> SafeString:
    return render_to_string(question.template, {"question": question})


class PageForm(ItemsForm):
    """Form of a step: its questions in the participant's order, and the script's measurements."""

    response_time_ms = ResponseTimeField()
    timings = forms.Field(required=False, widget=forms.HiddenInput)

    def __init__(
        self, participant: Participant, step: sequence.Step, data: Any = None, initial: Any = None
    ) -> None:
        super().__init__(item_order.items(participant, step), data, initial)
        self.step = step
        self._participant = participant
        self._study = participant.study
        self._timings = read_timings(data.get("timings", "")) if data else None
        self._timed_out = data is not None and timed_out(participant, step, self._timings)
        self._is_skipped = is_skipped(participant, step, self._timings)
        self.uncovers = uncovering.uncovers(participant, step) is not None
        if self.uncovers:
            self.fields[uncovering.FIELD] = forms.Field(required=False, widget=forms.HiddenInput)
        if self._timed_out or self._is_skipped:
            for item in self.items:
                self.fields[item.id].required = False

    def sent_page(self, extra_fields: bool) -> SentPage:
        """Return the valid page as it was sent, for the service that stores it."""
        return SentPage(
            self.step,
            self.items,
            {} if self._is_skipped else self.answers,
            self.cleaned_data["response_time_ms"],
            self._timings,
            timed_out=self._timed_out,
            is_skipped=self._is_skipped,
            extra_fields=extra_fields,
            signals=self._signals(),
            path=uncovering.read_path(self.data.get(uncovering.FIELD, "")) if self.uncovers else (),
        )

    def _signals(self) -> dict[str, Any] | None:
        """Return the counts of the page. None unless the study file asks for them."""
        if not are_counted(self._study):
            return None
        counted = read_signals(self.data.get(FIELD, ""))
        hidden = hidden_answer(self._study, self.step, self.data.get(HIDDEN_FIELD))
        return {
            **(counted.stored() if counted else {}),
            **({"hidden": hidden} if hidden else {}),
            **self._perceived(),
        }

    def _perceived(self) -> dict[str, bool]:
        """Return whether the picture of a perceptual item was found again. Empty elsewhere."""
        # Judged here, because the images of the set may be others when the data are exported.
        if self.step.kind != "perception":
            return {}
        found = self.answers.get(perception.ITEM)
        return {"found": found == str(perception.right_place(self._participant, self.step))}
