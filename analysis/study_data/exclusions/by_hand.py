"""Participants whom researchers excluded one by one, as the export's manifest lists them.

The plan cannot name them, because it was written before they came. Each reason becomes a rule of
its own after the rules of the plan, so that the participant flow prints it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from analysis.plan.tables import Exclusion, Scope

KEY = "excluded_by_hand"
"""Where the manifest lists them."""
LABEL = "by hand: "


@dataclass(frozen=True)
class ExcludedByHand:
    """A participant excluded by hand. ``late`` tells whether the arms were visible by then."""

    participant: str
    reason: str
    scope: Scope
    late: bool


def excluded_by_hand(manifest: Mapping[str, Any]) -> tuple[ExcludedByHand, ...]:
    """Return the manifest's list. Raises ValueError, KeyError or TypeError if it is malformed."""
    return tuple(_read(entry) for entry in manifest.get(KEY, ()))


def rules_by_hand(manifest: Mapping[str, Any]) -> tuple[Exclusion, ...]:
    """Return a rule for each reason and scope, in the order of their first use."""
    people: dict[tuple[str, Scope], list[str]] = {}
    for entry in excluded_by_hand(manifest):
        people.setdefault((entry.reason, entry.scope), []).append(entry.participant)
    return tuple(
        Exclusion(
            key=f"by hand {number}",
            label=f"{LABEL}{reason}",
            rule="listed",
            scope=scope,
            participants=tuple(named),
        )
        for number, ((reason, scope), named) in enumerate(people.items(), start=1)
    )


def without_rules_by_hand(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest as if nobody had been excluded by hand."""
    return {key: value for key, value in manifest.items() if key != KEY}


def is_by_hand(rule: str) -> bool:
    """Return whether a rule's label is that of an exclusion by hand."""
    return rule.startswith(LABEL)


def problems_with_list(manifest: Mapping[str, Any]) -> Sequence[str]:
    """Return a sentence if the manifest's list cannot be read."""
    try:
        excluded_by_hand(manifest)
    except (ValueError, KeyError, TypeError) as error:
        return [
            f"manifest.json lists participants under {KEY!r} in a form that is not known "
            f"({error!r}). Each entry needs participant, reason, scope, at and after_unblinding."
        ]
    return []


def _read(entry: Mapping[str, Any]) -> ExcludedByHand:
    if entry["scope"] not in get_args(Scope):
        raise ValueError(f"scope {entry['scope']!r}")
    datetime.fromisoformat(entry["at"])
    return ExcludedByHand(
        str(entry["participant"]),
        str(entry["reason"]),
        entry["scope"],
        bool(entry["after_unblinding"]),
    )
