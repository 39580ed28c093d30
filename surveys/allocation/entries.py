"""Contents of ledger entries, with a function for each kind of event.

A participant appears only as the number of the entry of their arrival, so that nobody can identify
a deleted person in the ledger.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surveys.allocation.scheme import Drawn, Scheme

FORMAT = 1
BEGIN, ARRIVED, ALLOCATED, RETURNED = "begin", "arrived", "allocated", "returned"
REPLACED, CHANGED = "replaced", "changed"
OPENED, PAUSED, CLOSED, UNBLINDED = "opened", "paused", "closed", "unblinded"
NOTED = frozenset((OPENED, PAUSED, CLOSED, UNBLINDED))
Values = dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """The study and the kind of participants that a ledger belongs to."""

    study: str
    study_file_sha256: str
    simulated: bool


def begin(origin: Origin, scheme: Scheme) -> Values:
    """Return the first entry, from which all allocations can be drawn again."""
    return {
        "event": BEGIN,
        "format": FORMAT,
        "study": origin.study,
        "study_file_sha256": origin.study_file_sha256,
        "simulated": origin.simulated,
        "scheme": scheme.as_content(),
    }


def arrived() -> Values:
    """Return the entry for a person who takes a place, still without an arm."""
    return {"event": ARRIVED}


def allocated(arrival: int, levels: Mapping[str, str], drawn: Drawn, position: int) -> Values:
    """Return the entry for an allocation, whose ``position`` counts from 1."""
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
    """Return the entry for a place that was given back before its holder saw an arm's pages."""
    return {"event": RETURNED, "arrival": arrival, "reason": reason}


def replaced(arrival: int, reason: str) -> Values:
    """Return the entry for a place that was given back although its holder has an arm."""
    return {"event": REPLACED, "arrival": arrival, "reason": reason}


def changed(scheme: Scheme) -> Values:
    """Return the entry for other places or quotas, which hold from then on."""
    quotas = {share.arm: share.quota for share in scheme.shares}
    return {"event": CHANGED, "places": scheme.places, "quotas": quotas}


def noted(event: str) -> Values:
    """Return the entry for a change of the study's state, or its unblinding: one of ``NOTED``."""
    return {"event": event}
