"""Participant flow, from everyone randomised to the participants analysed, with checked sums."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.errors import AnalysisError
from analysis.plan.plan import Allocation
from analysis.plan.tables import States
from analysis.statistics.attrition import Attrition, attrition
from analysis.study_data.exclusions.apply import ExclusionStep
from analysis.study_data.populations import FlowRow, members
from analysis.study_data.study_data import StudyData


class FlowError(AnalysisError):
    """The numbers of the flow do not add up, which is an error of this program, not of the data."""


@dataclass(frozen=True)
class Sets:
    """Participants by arm: intention to treat (randomised, data not erased, in no rule of scope
    "all"), completed (None if the data do not show it), and per protocol (completed, and in no rule
    at all)."""

    intention_to_treat: Mapping[str, int]
    completed: Mapping[str, int] | None
    per_protocol: Mapping[str, int]


@dataclass(frozen=True)
class EarlyEnd:
    """People whom the study ended early for one reason, such as a screener's answer.

    `before_allocation` had no arm yet and are not among the randomised. `by_arm` counts the others,
    whatever rule excluded them.
    """

    key: str
    label: str
    before_allocation: int
    by_arm: Mapping[str, int]


@dataclass(frozen=True)
class Flow:
    """Numbers of the flow diagram in addition to the rows per arm, and tests of attrition by arm.

    `stopped`, `left_silently` and `ended` count by arm the participants who did not complete and
    whom no rule excluded; they are between the last step and the per-protocol set. They are None if
    the data do not show it. `early_ends` lists the endings that the study declares. `allocation`
    states whether the participants were randomised, and `completion` how the data show who
    completed.
    """

    allocation: Allocation
    completion: States
    steps: tuple[ExclusionStep, ...]
    stopped: Mapping[str, int] | None
    left_silently: Mapping[str, int] | None
    sets: Sets
    attrition: tuple[Attrition, ...]
    ended: Mapping[str, int] | None = None
    early_ends: tuple[EarlyEnd, ...] = ()


def study_flow(data: StudyData, rows: tuple[FlowRow, ...]) -> Flow:
    """Return the flow of the study. Raises FlowError if its numbers do not add up."""
    steps, known = data.exclusions.steps, data.plan.states
    sets = Sets(
        _by_arm(data, members(data, "randomised")),
        None if known == "unknown" else _by_arm(data, members(data, "completed")),
        _by_arm(data, members(data, "per_protocol")),
    )
    there = data.exclusions.by_rule == ""
    stopped, left_silently, ended = (
        _by_arm(data, there & (data.participants["state"] == state).fillna(False).astype(bool))
        for state in ("stopped", "started", "ended")
    )
    check_sums(rows, steps, sets)
    for arm, count in sets.per_protocol.items():
        remaining = sum(there & (data.participants["arm"] == arm))
        _equal(
            remaining,
            count + stopped[arm] + left_silently[arm] + ended[arm],
            f"{arm}: not completed",
        )
    return Flow(
        data.plan.allocation,
        known,
        steps,
        stopped if known == "recorded" else None,
        None if known == "unknown" else left_silently,
        sets,
        tuple(_attrition(data, rows, sets)),
        ended if known == "recorded" else None,
        early_ends(data),
    )


def early_ends(data: StudyData) -> tuple[EarlyEnd, ...]:
    """Return the endings that the export's manifest lists, with the people of each."""
    listed = data.manifest.get("endings")
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if not entries or "ending" not in data.participants:
        return ()
    endings = data.participants["ending"].astype("str")
    return tuple(
        EarlyEnd(
            str(entry["key"]),
            str(entry.get("heading", entry["key"])),
            int(entry.get("before_allocation", 0)),
            _by_arm(data, endings == str(entry["key"])),
        )
        for entry in entries
    )


def _attrition(data: StudyData, rows: tuple[FlowRow, ...], sets: Sets) -> Iterator[Attrition]:
    sizes = {row.arm: row.randomised for row in rows}
    if data.plan.states != "unknown":
        lost = {row.arm: row.randomised - (row.completed or 0) for row in rows}
        yield attrition("did not complete", lost, sizes, data.plan.level)
    for session in _sessions(data):
        done = session["completed"]
        missed = {row.arm: row.randomised - int(done.get(row.arm, 0)) for row in rows}
        named = f"did not complete the session {str(session.get('key'))!r}"
        yield attrition(named, missed, sizes, data.plan.level)
    if data.exclusions.steps:
        out = {row.arm: row.randomised - sets.per_protocol[row.arm] for row in rows}
        yield attrition("not in the per-protocol set", out, sizes, data.plan.level)


def _sessions(data: StudyData) -> list[Mapping[str, Any]]:
    """Return the later sessions that the export's manifest lists with their numbers by arm."""
    listed = data.manifest.get("sessions")
    entries = listed if isinstance(listed, list) else []
    return [
        one
        for one in entries
        if isinstance(one, dict) and set(one.get("completed", ())) == set(data.plan.arms)
    ]


def check_sums(rows: tuple[FlowRow, ...], steps: tuple[ExclusionStep, ...], sets: Sets) -> None:
    """Check every number of the flow against the previous number, arm by arm."""
    for row in rows:
        arm, left = row.arm, row.randomised - row.erased
        if row.completed is not None:
            gone = (row.stopped or 0) + (row.left_silently or 0) + (row.ended or 0)
            _equal(left, row.completed + gone, f"{arm}: states")
        for step in steps:
            left -= step.excluded[arm]
            _equal(left, step.remaining[arm], f"{arm}: after {step.key}")
        everyone = sets.intention_to_treat[arm]
        completed = everyone if sets.completed is None else sets.completed[arm]
        if not sets.per_protocol[arm] <= completed <= everyone:
            raise FlowError(f"{arm}: a set exceeds the set that contains it.")
        if sets.per_protocol[arm] > left:
            raise FlowError(f"{arm}: more per protocol than the rules left, {left}.")
        if any(count > row.randomised - row.erased for count in row.analysed.values()):
            raise FlowError(f"{arm}: more analysed than there are participants with data.")


def _equal(one: int, other: int, what: str) -> None:
    if one != other:
        raise FlowError(f"The flow does not add up, {what}: {one} is not {other}.")


def _by_arm(data: StudyData, mask: "pd.Series[bool]") -> dict[str, int]:
    counts = data.participants.loc[mask.to_numpy(), "arm"].value_counts()
    return {arm: int(counts.get(arm, 0)) for arm in data.plan.arms}
