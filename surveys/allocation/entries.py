"""What stands in a ledger: one function for each kind of event.

A participant stands there as the number of the entry by which they arrived, and as nothing else:
who is deleted leaves a ledger in which nobody can be found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surveys.allocation.scheme import Drawn, Scheme

FORMAT = 1
BEGIN, ARRIVED, ALLOCATED, RETURNED = "begin", "arrived", "allocated", "returned"
OPENED, CLOSED = "opened", "closed"
Values = dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """Whose ledger it is."""

    study: str
    study_file_sha256: str
    simulated: bool


def begin(origin: Origin, scheme: Scheme) -> Values:
    """The first entry: with it, all that follows can be drawn again."""
    return {
        "event": BEGIN,
        "format": FORMAT,
        "study": origin.study,
        "study_file_sha256": origin.study_file_sha256,
        "simulated": origin.simulated,
        "scheme": scheme.as_content(),
    }


def arrived() -> Values:
    """A person consented and holds a place, without an arm yet."""
    return {"event": ARRIVED}


def allocated(arrival: int, levels: Mapping[str, str], drawn: Drawn, position: int) -> Values:
    """The person came to the first page that differs between arms; ``position`` counts from 1."""
    return {
        "event": ALLOCATED,
        "arrival": arrival,
        "levels": dict(levels),
        "position": position,
        "arm": drawn.arm,
        "block": drawn.block,
        "place": drawn.place,
        "copy": drawn.copy,
    }


def returned(arrival: int, reason: str) -> Values:
    """The person's place went back, before they saw anything that differs between arms."""
    return {"event": RETURNED, "arrival": arrival, "reason": reason}


def noted(event: str) -> Values:
    """The study was opened again, or closed: from then on researchers can see arms."""
    return {"event": event}
