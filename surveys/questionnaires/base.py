"""What a questionnaire is, and which answers each of its items takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

KINDS = ("scale", "choice", "text")
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Scale:
    """Whole numbers from minimum to maximum; ``anchors`` name some of the points."""

    minimum: int
    maximum: int
    anchors: Mapping[int, str]

    @property
    def points(self) -> tuple[int, ...]:
        return tuple(range(self.minimum, self.maximum + 1))


@dataclass(frozen=True)
class Item:
    """One question. Its answer is always text: a point, an option's value, or what was typed.

    ``kind``: "scale" (radios over ``scale``), "choice" (radios over ``options``, value → label),
    "text" (free text of at most ``maximum_length`` characters). ``subscale`` names the score that
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

    def accepts(self, value: str) -> bool:
        """Whether the value can be stored as the item's answer; empty means not answered."""
        if not value:
            return not self.required
        if self.kind == "text":
            return len(value) <= self.maximum_length and "\0" not in value
        return value in self.values

    @property
    def values(self) -> Mapping[str, str]:
        """The values to choose from with their labels, in order; empty for free text."""
        if self.scale is not None:
            return {str(point): self.scale.anchors.get(point, "") for point in self.scale.points}
        return self.options

    @property
    def is_number(self) -> bool:
        """Whether every possible answer is a whole number."""
        return bool(self.values) and all(re.fullmatch(r"-?\d+", value) for value in self.values)


@dataclass(frozen=True)
class Questionnaire:
    """A page of items, as declared in its file."""

    id: str
    title: str
    instructions: str
    items: tuple[Item, ...]
    construct: str
    source: str
    wording: str
    licence: str
    scale: Scale | None = None
