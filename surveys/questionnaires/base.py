"""Questionnaires and the answers that each of their items accepts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

KINDS = ("scale", "slider", "choice", "multiple", "number", "short_text", "text")
WRITTEN = ("short_text", "text")
NOTHING: Mapping[str, str] = MappingProxyType({})
DOES_NOT_APPLY = "does_not_apply"
"""The stored answer for "does not apply", which the analysis treats as a kind of missing answer."""
NOT_ASKED = "not_asked"
"""The exported answer to a question that was not shown because of an earlier answer."""
SEPARATOR = ";"
"""Separator between the values of an answer of kind "multiple"."""
_WHOLE = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Scale:
    """Whole numbers from minimum to maximum by step, of which ``anchors`` label some."""

    minimum: int
    maximum: int
    anchors: Mapping[int, str] = field(hash=False)
    step: int = 1

    @property
    def points(self) -> tuple[int, ...]:
        return tuple(range(self.minimum, self.maximum + 1, self.step))


@dataclass(frozen=True)
class Range:
    """Numbers that can be typed, with at most ``decimals`` digits after the decimal point."""

    minimum: float
    maximum: float
    decimals: int = 0

    def holds(self, text: str) -> bool:
        """Return whether the text is a number of the range, written as 12 or 12.5."""
        digits = r"-?\d{1,15}" + (rf"(\.\d{{1,{self.decimals}}})?" if self.decimals else "")
        return bool(re.fullmatch(digits, text)) and self.minimum <= float(text) <= self.maximum


@dataclass(frozen=True)
class Item:
    """A question, whose answer is always text: a point, an option's value, or what was typed.

    ``kind``: "scale" (radio buttons over ``scale``), "slider" (over ``scale``), "choice" (radio
    buttons over ``options``, value → label), "multiple" (checkboxes over ``options``; the answer
    joins the values in that order by SEPARATOR; a value of ``exclusive`` cannot be combined with
    others), "number" (within ``range``), "short_text" and "text" (at most ``maximum_length``
    characters; short texts are a single line). ``does_not_apply`` is the label of an additional
    answer, empty for none. ``subscale`` names the score that the item contributes to, empty for
    none; ``reversed`` items are reversed in the analysis, never here.
    """

    id: str
    text: str
    kind: str = "scale"
    subscale: str = ""
    reversed: bool = False
    required: bool = True
    scale: Scale | None = None
    options: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    maximum_length: int = 2000
    hint: str = ""
    range: Range | None = None
    does_not_apply: str = ""
    exclusive: tuple[str, ...] = ()

    def accepts(self, value: str) -> bool:
        """Return whether the value can be stored as the item's answer. Empty means not answered."""
        if not value:
            return not self.required
        if self.kind in WRITTEN:
            broken = "\0" in value or (self.kind == "short_text" and "\n" in value)
            return len(value) <= self.maximum_length and not broken
        if self.range is not None:
            return self.range.holds(value)
        if self.kind == "slider" and self.scale is not None:
            return value in map(str, self.scale.points)
        if self.kind == "multiple":
            return self._accepts_several(value.split(SEPARATOR))
        return value in self.values

    def _accepts_several(self, chosen: list[str]) -> bool:
        in_order = [value for value in self.options if value in chosen]
        alone = len(chosen) == 1 or not set(chosen) & set(self.exclusive)
        return chosen == in_order and alone

    @property
    def values(self) -> Mapping[str, str]:
        """Return the values to choose from with their labels. Empty if none are listed."""
        if not self.does_not_apply:
            return self.codes
        return {**self.codes, DOES_NOT_APPLY: self.does_not_apply}

    @property
    def codes(self) -> Mapping[str, str]:
        """Return the values without "does not apply"."""
        if self.scale is not None and self.kind == "scale":
            return {str(point): self.scale.anchors.get(point, "") for point in self.scale.points}
        return self.options

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Return the least and the greatest answer, or None unless every answer is a number."""
        if self.range is not None:
            return self.range.minimum, self.range.maximum
        if self.scale is not None:
            return self.scale.minimum, self.scale.maximum
        if self.kind == "choice" and self.codes and all(map(_WHOLE.fullmatch, self.codes)):
            return min(map(int, self.codes)), max(map(int, self.codes))
        return None

    @property
    def is_number(self) -> bool:
        """Return whether every answer except "does not apply" is a number."""
        return self.bounds is not None


@dataclass(frozen=True)
class Subscale:
    """A score: the mean or the sum of the answers to the items that name it.

    The score is missing if a smaller share than ``minimum_answered`` of the items is answered.
    """

    id: str
    label: str
    score: str = "mean"
    minimum_answered: float = 0.8


@dataclass(frozen=True)
class Questionnaire:
    """A page of items as declared in its file, in a single language.

    ``translations`` holds the whole questionnaire in its other languages, by their codes, with the
    same ids and values. ``shuffled``: each participant gets neighbouring items of a scale in a
    random order.
    """

    id: str
    title: str
    instructions: str
    items: tuple[Item, ...]
    construct: str
    source: str
    wording: str
    licence: str
    scale: Scale | None = None
    language: str = "en"
    shuffled: bool = False
    subscales: Mapping[str, Subscale] = field(default_factory=dict)
    translations: Mapping[str, "Questionnaire"] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the codes of the questionnaire's languages, the file's own language first."""
        return (self.language, *self.translations)

    def in_language(self, code: str) -> "Questionnaire":
        """Return the questionnaire in the language, else in its general language (de for de-at),
        else in its own language.
        """
        general, _, _ = code.lower().partition("-")
        exact = self.translations.get(code.lower())
        return exact or self.translations.get(general) or self

    def speaks(self, code: str) -> bool:
        """Return whether the questionnaire can be asked in the language. Study files are checked by
        this.
        """
        general, _, _ = code.lower().partition("-")
        return bool({code.lower(), general} & set(self.languages))
