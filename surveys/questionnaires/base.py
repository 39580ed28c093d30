"""What a questionnaire is, and which answers each of its items takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

KINDS = ("scale", "slider", "choice", "multiple", "number", "short_text", "text")
WRITTEN = ("short_text", "text")
NOTHING: Mapping[str, str] = MappingProxyType({})
DOES_NOT_APPLY = "does_not_apply"
"""The stored answer to "does not apply"; the analysis takes it as a kind of missing."""
SEPARATOR = ";"
"""Between the values of an answer of kind "multiple"."""
_WHOLE = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Scale:
    """Whole numbers from minimum to maximum by step; ``anchors`` name some of the points."""

    minimum: int
    maximum: int
    anchors: Mapping[int, str]
    step: int = 1

    @property
    def points(self) -> tuple[int, ...]:
        return tuple(range(self.minimum, self.maximum + 1, self.step))


@dataclass(frozen=True)
class Range:
    """The numbers that can be typed, with at most so many digits after the point."""

    minimum: float
    maximum: float
    decimals: int = 0

    def holds(self, text: str) -> bool:
        """Whether the text is such a number, written as 12 or 12.5."""
        digits = r"-?\d{1,15}" + (rf"(\.\d{{1,{self.decimals}}})?" if self.decimals else "")
        return bool(re.fullmatch(digits, text)) and self.minimum <= float(text) <= self.maximum


@dataclass(frozen=True)
class Item:
    """One question. Its answer is always text: a point, an option's value, or what was typed.

    ``kind``: "scale" (radios over ``scale``), "slider" (over ``scale``), "choice" (radios over
    ``options``, value → label), "multiple" (boxes over ``options``; the answer joins the values in
    that order by SEPARATOR; a value of ``exclusive`` stands alone), "number" (within ``range``),
    "short_text" and "text" (at most ``maximum_length`` characters, the first on one line).
    ``does_not_apply`` labels a further answer, empty for none. ``subscale`` names the score that
    the item belongs to, empty for none; ``reversed`` items are turned in the analysis, never here.
    """

    id: str
    text: str
    kind: str = "scale"
    subscale: str = ""
    reversed: bool = False
    required: bool = True
    scale: Scale | None = None
    options: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    maximum_length: int = 2000
    hint: str = ""
    range: Range | None = None
    does_not_apply: str = ""
    exclusive: tuple[str, ...] = ()

    def accepts(self, value: str) -> bool:
        """Whether the value can be stored as the item's answer; empty means not answered."""
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
        """The values to choose from with their labels, in order; empty where none are listed."""
        if not self.does_not_apply:
            return self.codes
        return {**self.codes, DOES_NOT_APPLY: self.does_not_apply}

    @property
    def codes(self) -> Mapping[str, str]:
        """The values without "does not apply"."""
        if self.scale is not None and self.kind == "scale":
            return {str(point): self.scale.anchors.get(point, "") for point in self.scale.points}
        return self.options

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the greatest answer, where every answer is a number."""
        if self.range is not None:
            return self.range.minimum, self.range.maximum
        if self.scale is not None:
            return self.scale.minimum, self.scale.maximum
        if self.kind == "choice" and self.codes and all(map(_WHOLE.fullmatch, self.codes)):
            return min(map(int, self.codes)), max(map(int, self.codes))
        return None

    @property
    def is_number(self) -> bool:
        """Whether every answer but "does not apply" is a number."""
        return self.bounds is not None


@dataclass(frozen=True)
class Subscale:
    """A score over the items that name it: the mean of their answers, or the sum.

    There is no score where less than the share ``minimum_answered`` of the items is answered.
    """

    id: str
    label: str
    score: str = "mean"
    minimum_answered: float = 0.8


@dataclass(frozen=True)
class Questionnaire:
    """A page of items, as declared in its file, in one language.

    ``translations``: the whole in its other languages, by their codes; ids and values are the same
    in all. ``shuffled``: each participant gets neighbouring items of one scale in an own order.
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
        """The codes of its languages, that of the file first."""
        return (self.language, *self.translations)

    def in_language(self, code: str) -> "Questionnaire":
        """The questionnaire in the language: in de for de-at, in its own where it has neither."""
        general, _, _ = code.lower().partition("-")
        own = self.translations.get(code.lower())
        return own or self.translations.get(general) or self

    def speaks(self, code: str) -> bool:
        """Whether it can be asked in the language; a study file is checked by this."""
        general, _, _ = code.lower().partition("-")
        return bool({code.lower(), general} & set(self.languages))
