"""A ledger kept in memory, in which the same events give the same arms and hashes on every
machine.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from surveys.allocation import chain, entries
from surveys.allocation.chain import Entry
from surveys.allocation.drawing import draw
from surveys.allocation.entries import Origin
from surveys.allocation.scheme import Drawn, Scheme, Standing


class BookError(ValueError):
    """An event that cannot have happened."""


class Book:
    """A ledger to begin and continue. Impossible events raise BookError."""

    def __init__(self, origin: Origin, scheme: Scheme) -> None:
        self.scheme = scheme
        self.entries: list[Entry] = []
        self.waiting: set[int] = set()
        self.arms: list[str] = []
        self._arm_of: dict[int, str] = {}
        self._given_back: Counter[str] = Counter()
        self._last: dict[str, tuple[int, int]] = {}
        self._totals: Counter[tuple[str, int]] = Counter()
        self._marginals: Counter[tuple[str, int, str, str]] = Counter()
        self._enter(entries.begin(origin, scheme))

    def arrive(self) -> int:
        """Enter the arrival of a person, who takes a place, and return their number in the
        ledger.
        """
        taken = len(self.waiting) + len(self.arms) - self._given_back.total()
        if taken >= self.scheme.capacity:
            raise BookError(
                f"an arrival needs a place, but all {self.scheme.capacity} places are taken"
            )
        arrival = self._enter(entries.arrived()).sequence
        self.waiting.add(arrival)
        return arrival

    def allocate(self, arrival: int, levels: Mapping[str, str]) -> Drawn:
        """Draw and enter the person's arm."""
        self._let_go(arrival)
        stratum = self.scheme.stratum(levels)
        drawn = draw(self.scheme, levels, self._standing(stratum))
        candidate = (drawn.arm, drawn.copy)
        self.arms.append(drawn.arm)
        self._arm_of[arrival] = drawn.arm
        self._last[stratum] = (drawn.block, drawn.place)
        self._totals[candidate] += 1
        self._marginals.update((*candidate, *level) for level in levels.items())
        self._enter(entries.allocated(arrival, levels, drawn, len(self.arms)))
        return drawn

    def give_back(self, arrival: int, reason: str) -> None:
        """Enter that the person's place is free again."""
        self._let_go(arrival)
        self._enter(entries.returned(arrival, reason))

    def replace(self, arrival: int, reason: str) -> None:
        """Enter that the place of a person with an arm is free again. The arm stays counted."""
        if arrival not in self._arm_of:
            raise BookError(
                f"arrival {arrival} has no arm, or gave its place back after the allocation"
            )
        self._given_back[self._arm_of.pop(arrival)] += 1
        self._enter(entries.replaced(arrival, reason))

    def change(self, places: int, quotas: Mapping[str, int]) -> None:
        """Enter other places and quotas, which hold from now on."""
        self.scheme = self.scheme.with_places(places, quotas)
        self._enter(entries.changed(self.scheme))

    @property
    def given_back(self) -> int:
        """Return how many places were given back after the allocation."""
        return self._given_back.total()

    def note(self, event: str) -> None:
        """Enter that the study was opened, paused, closed or unblinded."""
        self._enter(entries.noted(event))

    def _let_go(self, arrival: int) -> None:
        if arrival not in self.waiting:
            raise BookError(
                f"arrival {arrival} is not waiting for an arm: it was never recorded, already has "
                "an arm, or gave its place back"
            )
        self.waiting.discard(arrival)

    def _standing(self, stratum: str) -> Standing:
        last = self._last.get(stratum, (0, 0))
        return Standing(len(self.arms), last, self._totals, self._marginals, self._given_back)

    def _enter(self, values: Mapping[str, Any]) -> Entry:
        entry = chain.following(self.entries[-1] if self.entries else None, values)
        self.entries.append(entry)
        return entry
