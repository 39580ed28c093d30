"""A chain of entries, each with the hash of its predecessor, so that no change goes unnoticed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

BEGINNING = "0" * 64
"""The previous hash of the first entry."""


class BrokenChainError(ValueError):
    """A broken chain. The message names the first entry that does not fit, and why."""


@dataclass(frozen=True)
class Entry:
    """An entry of the ledger. ``sequence`` counts from 0, and ``content`` is exact canonical
    JSON.
    """

    sequence: int
    previous: str
    content: str
    hash: str

    @property
    def values(self) -> dict[str, Any]:
        """Return the content as a mapping."""
        values: dict[str, Any] = json.loads(self.content)
        return values


def canonical(values: Mapping[str, Any]) -> str:
    """Return JSON with sorted keys and no spaces, in ASCII, so that the same values give the same
    text.
    """
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash_of(sequence: int, previous: str, content: str) -> str:
    """Return the SHA-256 of sequence, previous hash and content, one per line."""
    return hashlib.sha256(f"{sequence}\n{previous}\n{content}".encode()).hexdigest()


def following(last: Entry | None, values: Mapping[str, Any]) -> Entry:
    """Return the entry that follows ``last``, or the first entry if ``last`` is None."""
    sequence = 0 if last is None else last.sequence + 1
    previous = BEGINNING if last is None else last.hash
    content = canonical(values)
    return Entry(sequence, previous, content, hash_of(sequence, previous, content))


def check(entries: Iterable[Entry]) -> None:
    """Check every link of the chain.

    Raises BrokenChainError at the first entry that is missing or was changed.
    """
    expected, previous = 0, BEGINNING
    for entry in entries:
        if entry.sequence != expected:
            raise BrokenChainError(
                f"Entry {expected} is missing: entry {entry.sequence} is in its place."
            )
        if entry.previous != previous:
            raise BrokenChainError(
                f"Entry {expected} gives {entry.previous[:12]}… as the previous entry's hash, but "
                f"that hash is {previous[:12]}…."
            )
        # The entry's own hash comes last: a changed link is reported as such, not as a change.
        computed = hash_of(entry.sequence, entry.previous, entry.content)
        if entry.hash != computed:
            raise BrokenChainError(
                f"Entry {expected} was changed: its content has the hash {computed[:12]}…, but "
                f"{entry.hash[:12]}… is recorded."
            )
        expected, previous = expected + 1, entry.hash
