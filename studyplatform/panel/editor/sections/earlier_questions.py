"""The questions on whose answers a page, a single question or an ending can depend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language, gettext

from studyplatform.panel.editor.base import Values, tables
from studyplatform.panel.editor.sections.blocks import number_of_blocks
from surveys import questionnaires
from surveys.questionnaires.base import WRITTEN, Item
from surveys.questionnaires.reading import QuestionnaireError

Part = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """An item that a part asks. ``place`` is the part's place in the file, from 0.

    ``rules`` are the rules about answers by which the question itself is shown. With
    ``needs_part``, a rule has to name the part, because several parts ask the item.
    """

    part: str
    place: int
    item: Item
    rules: Sequence[Part] = field(default_factory=tuple)
    needs_part: bool = False

    @property
    def key(self) -> str:
        """Return the value of the question in a form's list."""
        return f"{self.part}:{self.item.id}"

    @property
    def label(self) -> str:
        """Return the question's text with the number of its page."""
        return gettext("%(question)s (page %(number)d)") % {
            "question": self.item.text, "number": self.place + 1,
        }  # fmt: skip

    def rule(self) -> dict[str, Any]:
        """Return a new rule about the question, which still lacks its comparison.

        For an answer in people's own words the only useful comparison is that there is one.
        """
        rule: dict[str, Any] = {"item": self.item.id}
        if self.needs_part:
            rule["part"] = self.part
        if self.item.kind in WRITTEN:
            rule["answered"] = True
        return rule


def part_key(part: Part) -> str:
    """Return the key of a part, which is by default its questionnaire or kind."""
    named = part.get("questionnaire") if part.get("kind") == "questionnaire" else ""
    return str(part.get("key") or named or part.get("kind", ""))


def items_of(part: Part) -> tuple[Item, ...]:
    """Return the items of a questionnaire part in the reader's language, if it can be read."""
    if part.get("kind") != "questionnaire":
        return ()
    try:
        found = questionnaires.get(str(part.get("questionnaire")))
    except QuestionnaireError:  # the mistakes of the file name it
        return ()
    return found.in_language(get_language() or "en").items


def questions_before(values: Values, place: int) -> list[Question]:
    """Return the questions on which the part at the place in the file can depend.

    They come earlier, and everybody who comes to the part was on their page: a question that only
    some blocks or arms are asked is left out unless the part has the same limits.
    """
    parts = tables(values, "parts")
    order = _in_order(parts)
    earlier = order[: order.index(place)]
    fitting = [one for one in earlier if _fits(parts[one], parts[place], number_of_blocks(values))]
    return _questions(parts, earlier, fitting)


def questions_of_the_study(values: Values) -> list[Question]:
    """Return the questions on which an ending can depend: all except those of later sessions."""
    parts = tables(values, "parts")
    places = [place for place in _in_order(parts) if not parts[place].get("session")]
    return _questions(parts, places, places)


def _questions(
    parts: Sequence[Part], places: Sequence[int], fitting: Sequence[int]
) -> list[Question]:
    asked = [item.id for place in places for item in items_of(parts[place])]
    return [
        Question(
            part_key(parts[place]),
            place,
            item,
            _rules_of(parts[place], item),
            needs_part=asked.count(item.id) > 1,
        )
        for place in fitting
        for item in items_of(parts[place])
        # An answer in own words that everybody has to give distinguishes nobody.
        if not (item.kind in WRITTEN and item.required)
    ]


def _rules_of(part: Part, item: Item) -> tuple[Part, ...]:
    of_items = part.get("show_items")
    by_item = of_items.get(item.id) if isinstance(of_items, Mapping) else ()
    return tuple(
        rule
        for listed in (part.get("show_if"), by_item)
        for rule in (listed if isinstance(listed, list) else ())
        if isinstance(rule, Mapping)
    )


def _fits(asked: Part, part: Part, blocks: int) -> bool:
    if blocks > 1 and asked.get("per_block") and not part.get("per_block"):
        return False
    limits = _limits(asked)
    return not limits or (bool(_limits(part)) and _limits(part) <= limits)


def _limits(part: Part) -> set[str]:
    """Return the arms or conditions to which the part is limited, empty for none."""
    named = part.get("conditions") or part.get("arms")
    return set(map(str, named)) if isinstance(named, list) else set()


def _in_order(parts: Sequence[Part]) -> list[int]:
    """Return the places in the file in the order in which people come to the parts."""
    order: list[int] = []

    def add(place: int) -> None:
        if place not in order:
            order.append(place)
            for later, part in enumerate(parts):
                if part.get("after") == part_key(parts[place]):
                    add(later)

    keys = {part_key(part) for part in parts}
    for place, part in enumerate(parts):
        if part.get("after") not in keys:
            add(place)
    # Parts that wait for each other are a mistake of the file. They still need a place.
    return order + [place for place in range(len(parts)) if place not in order]
