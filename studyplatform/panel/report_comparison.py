"""The numbers of two reports that differ, found in their results.json."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ABOUT_ITSELF = frozenset(("provenance", "failures", "schema", "plan"))
"""Entries of results.json on how it was made, not on what was found."""
OUTCOMES = "outcomes"
CLAIMS = ("found › test", "found › contrasts", "p adjusted", "found › difference")
"""Places of the numbers that a claim rests on, which come first."""
NAMES = ("key", "label", "name", "arm", "term", "outcome", "level", "contrast", "title")
"""Entries that say which row of a list it is, so that a new row does not shift all the others."""
EXACT = 1e-12
ARROW = " › "


@dataclass(frozen=True)
class Difference:
    """A number at the same place of both reports; None where a report lacks it."""

    place: str
    first: float | None
    second: float | None

    @property
    def change(self) -> float | None:
        """Return the second number minus the first, or None if either is missing."""
        if self.first is None or self.second is None:
            return None
        return self.second - self.first


@dataclass(frozen=True)
class Part:
    """The differences of a part of the report."""

    name: str
    differences: tuple[Difference, ...]

    @property
    def is_outcome(self) -> bool:
        return self.name.startswith(f"{OUTCOMES}{ARROW}")


@dataclass(frozen=True)
class Comparison:
    """Two reports: the parts that differ, and how many numbers are equal."""

    parts: tuple[Part, ...]
    equal: int

    @property
    def different(self) -> int:
        """Return how many numbers differ."""
        return sum(len(part.differences) for part in self.parts)


def compare_reports(first: Path, second: Path) -> Comparison:
    """Compare the results.json of two reports, number by number."""
    numbers = [dict(_numbers(json.loads(path.read_text("utf-8")))) for path in (first, second)]
    by_part: dict[str, list[Difference]] = {}
    equal = 0
    for place in dict.fromkeys((*numbers[0], *numbers[1])):
        one, other = (found.get(place) for found in numbers)
        if one is not None and other is not None and _is_equal(one, other):
            equal += 1
            continue
        part, rest = _divided(place)
        by_part.setdefault(part, []).append(Difference(rest, one, other))
    parts = [
        Part(name, tuple(sorted(found, key=lambda one: not one.place.startswith(CLAIMS))))
        for name, found in by_part.items()
    ]
    # Outcomes first: they are what a reader compares.
    return Comparison(tuple(sorted(parts, key=lambda part: not part.is_outcome)), equal)


def _divided(place: str) -> tuple[str, str]:
    """Return the part of the report and the place in it; each outcome is a part of its own."""
    names = place.split(ARROW)
    size = 2 if names[0] == OUTCOMES else 1
    return ARROW.join(names[:size]), ARROW.join(names[size:]) or names[-1]


def _numbers(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, float]]:
    """Yield the place and the value of every number."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield ARROW.join(place), float(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if place or key not in ABOUT_ITSELF:
                yield from _numbers(inner, (*place, _words(key)))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _numbers(inner, (*place, _row(inner, number)))


def _row(value: Any, number: int) -> str:
    if isinstance(value, Mapping):
        for name in NAMES:
            if isinstance(value.get(name), str) and value[name]:
                return str(value[name])
        if isinstance(inner := value.get("outcome"), Mapping):
            return str(inner.get("label", number))
    return str(number)


def _words(key: str) -> str:
    return key.replace("_", " ")


def _is_equal(one: float, other: float) -> bool:
    # Libraries round their last digit differently from machine to machine.
    return one == other or math.isclose(one, other, rel_tol=EXACT, abs_tol=EXACT)
