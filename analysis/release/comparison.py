"""Comparison of the results of the original data with those of the release."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

OF_FILES = ("provenance/",)
"""Places of results.json that describe the files, such as their hashes, and not what they say."""
COMBINED = "several removals together"
FILES = "the files themselves, which the release changes"


@dataclass(frozen=True)
class Difference:
    """A value of results.json that differs, with the kinds of removals on which it depends."""

    place: str
    original: Any
    released: Any
    because: str


@dataclass(frozen=True)
class Comparison:
    """All differences, and the number of numbers that are equal to the last digit."""

    equal: int
    differences: tuple[Difference, ...]

    @property
    def numbers(self) -> tuple[Difference, ...]:
        """Return the differences of results, without those that describe the files."""
        return tuple(one for one in self.differences if one.because != FILES)


def compare(original: Any, released: Any, alone: Mapping[str, Collection[str]]) -> Comparison:
    """Compare two documents of results.

    ``alone`` gives by kind of removal the places that differ if this removal alone is made.
    """
    before, after = dict(leaves(original)), dict(leaves(released))
    places = list(dict.fromkeys([*before, *after]))
    differences = [
        Difference(place, before.get(place), after.get(place), _because(place, alone))
        for place in places
        if before.get(place, ...) != after.get(place, ...)
    ]
    different = {difference.place for difference in differences}
    equal = sum(_is_number(before[place]) for place in before if place not in different)
    return Comparison(equal, tuple(differences))


def different_places(first: Any, second: Any) -> set[str]:
    """Return the places at which two documents differ, without those that describe the files."""
    before, after = dict(leaves(first)), dict(leaves(second))
    return {
        place
        for place in {*before, *after}
        if not place.startswith(OF_FILES) and before.get(place, ...) != after.get(place, ...)
    }


def leaves(document: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of a document with its place, such as outcomes/0/tests/1/p."""
    if isinstance(document, dict) and document:
        for key, value in document.items():
            yield from leaves(value, f"{place}/{key}" if place else str(key))
    elif isinstance(document, list) and document:
        for number, value in enumerate(document):
            yield from leaves(value, f"{place}/{number}")
    else:
        yield place, document


def _because(place: str, alone: Mapping[str, Collection[str]]) -> str:
    if place.startswith(OF_FILES):
        return FILES
    return (
        " and ".join(sorted(kind for kind, places in alone.items() if place in places)) or COMBINED
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(value: Any) -> str:
    """Return a number as text. Texts are not shown, because they may name what was removed."""
    if value is None:
        return "none"
    return json.dumps(value) if _is_number(value) or isinstance(value, bool) else "(text)"
