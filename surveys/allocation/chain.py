"""A chain of entries, each with the hash of the one before: none can be changed unnoticed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

BEGINNING = "0" * 64
"""What stands in place of a previous hash in the first entry."""


class BrokenChainError(ValueError):
    """The chain is broken; the message names the first entry that does not fit, and why."""


@dataclass(frozen=True)
class Entry:
    """``sequence`` counts from 0; ``content`` is canonical JSON, kept to the letter."""

    sequence: int
    previous: str
    content: str
    hash: str

    @property
    def values(self) -> dict[str, Any]:
        """What the content says."""
        values: dict[str, Any] = json.loads(self.content)
        return values


def canonical(values: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no spaces, in ASCII: equal values give equal text."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash_of(sequence: int, previous: str, content: str) -> str:
    """SHA-256 of the three, one a line."""
    return hashlib.sha256(f"{sequence}\n{previous}\n{content}".encode()).hexdigest()


def following(last: Entry | None, values: Mapping[str, Any]) -> Entry:
    """The entry that comes after ``last``; None before the first."""
    sequence = 0 if last is None else last.sequence + 1
    previous = BEGINNING if last is None else last.hash
    content = canonical(values)
    return Entry(sequence, previous, content, hash_of(sequence, previous, content))


def check(entries: Iterable[Entry]) -> None:
    """Raises BrokenChainError at the first entry that is not the one that must stand there."""
    expected, previous = 0, BEGINNING
    for entry in entries:
        if entry.sequence != expected:
            raise BrokenChainError(
                f"Entry {expected} is missing: entry {entry.sequence} stands in its place."
            )
        if entry.previous != previous:
            raise BrokenChainError(
                f"Entry {expected} says that the entry before it has the hash "
                f"{entry.previous[:12]}…, and that one has {previous[:12]}…."
            )
        found = hash_of(entry.sequence, entry.previous, entry.content)
        if entry.hash != found:
            raise BrokenChainError(
                f"Entry {expected} was changed: its content has the hash {found[:12]}…, and "
                f"{entry.hash[:12]}… is written."
            )
        expected, previous = expected + 1, entry.hash
