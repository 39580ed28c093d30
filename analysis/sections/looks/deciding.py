"""The decision of a look: to go on, or to stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.errors import LookError
from analysis.outcomes.repeated import condition_means
from analysis.plan.plan import Outcome, Plan
from analysis.plan.tables import LooksPlan
from analysis.sections.looks.estimating import Difference, difference
from analysis.sequential.betting import Evidence, difference_of_means, mean_of_differences
from analysis.sequential.boundaries import Design
from analysis.sequential.mixture import always_valid, evidence
from analysis.study_data.score_range import score_range
from analysis.study_data.study_data import StudyData

Told = Literal["go_on", "stop"]


@dataclass(frozen=True)
class Held:
    """A look that was held, as the platform recorded it: never what it saw.

    `efficacy` is the |z| that stops the study for an effect, `futility` the |z| below which it
    stops for futility, each None if there is none. `planned` is False for a look before its time,
    which has a `reason`.
    """

    at: str
    by: str
    people: int
    efficacy: float | None
    futility: float | None
    told: Told
    planned: bool
    reason: str


@dataclass(frozen=True)
class Decision:
    """What a look decides, and the boundary that it was decided by."""

    people: int
    efficacy: float | None
    futility: float | None
    told: Told
    planned: bool


def looks_held(manifest: Mapping[str, Any]) -> tuple[Held, ...]:
    """Return the looks that the export's manifest lists, in their order."""
    return tuple(Held(**entry) for entry in manifest.get("looks", ()))


def looked_outcome(plan: Plan) -> Outcome:
    """Return the outcome of the plan's [looks]. Raises LookError for a plan without them."""
    if plan.looks is None:
        raise LookError(
            "The plan has no [looks], so nobody may look before the end. Add the table "
            "to [analysis] before the study is opened."
        )
    key = plan.looks.outcome
    return next(outcome for outcome in plan.outcomes if outcome.key == key)


def design_of(looks: LooksPlan, alpha: float) -> Design:
    """Return the group-sequential test of a plan whose looks are not valid at any time."""
    if looks.kind == "anytime_bounded" or looks.kind == "anytime_mean":
        raise ValueError(f"{looks.kind} has no group-sequential boundaries")
    fractions = tuple(time / looks.sample for time in looks.times)
    return Design(looks.kind, fractions, alpha, looks.futility, looks.power)


def decide(
    data: StudyData, scores: pd.DataFrame, held: Sequence[Held], *, unplanned: bool = False
) -> Decision:
    """Return what a look at these data decides, after the looks that were held before.

    Raises LookError if no look may be held now, unless it is merely too early and `unplanned`, and
    NotEstimableError if the outcome cannot be tested yet. Neither message tells anything about the
    arms' scores.
    """
    outcome = looked_outcome(data.plan)
    looks = data.plan.looks
    if looks is None:
        raise LookError("The plan has no [looks].")
    found = difference(data, scores, outcome)
    planned = _check_time(looks, found.people, held, unplanned=unplanned)
    if looks.is_anytime:
        stop = anytime_p(data, scores, outcome, found) <= data.plan.alpha
        width = None
        if looks.kind == "anytime_mean":
            width = always_valid(found.people / looks.sample, data.plan.alpha)
        return Decision(found.people, width, None, "stop" if stop else "go_on", planned)
    people = [*(look.people for look in held), found.people]
    design = design_of(looks, data.plan.alpha)
    boundary = design.at([number / looks.sample for number in people])[-1]
    futile = boundary.futility is not None and abs(found.z) <= boundary.futility
    stop = abs(found.z) >= boundary.efficacy or futile
    return Decision(
        found.people, boundary.efficacy, boundary.futility, "stop" if stop else "go_on", planned
    )


def _check_time(looks: LooksPlan, people: int, held: Sequence[Held], *, unplanned: bool) -> bool:
    """Return whether the look is one of those planned. Raises LookError if it may not be held."""
    last = held[-1].people if held else 0
    if any(look.told == "stop" for look in held):
        raise LookError(
            "A look has told to stop, so that no other look may follow. End the "
            "collection; the report is the last analysis."
        )
    if people <= last:
        raise LookError(
            f"There are {people} participants with a score, and the last look was at "
            f"{last}. Wait for more."
        )
    if people >= looks.sample and not looks.is_anytime:
        raise LookError(
            f"The planned sample is complete: {people} of {looks.sample} participants "
            "have a score. End the collection; the report is the last analysis."
        )
    times = looks.times[:1] if looks.is_anytime else looks.times
    due = [time for time in times if last < time <= people]
    planned = bool(due) or (looks.is_anytime and people >= looks.times[0])
    if not planned and not unplanned:
        following = next(time for time in looks.times if time > people)
        raise LookError(
            f"The next look is planned at {following} participants with a score; there are "
            f"{people}. Wait, or give a reason for a look that was not planned, which the report "
            "lists as a deviation."
        )
    return planned


def anytime_p(data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: Difference) -> float:
    """Return the p that is valid at every look, by the plan's kind of looks."""
    looks = data.plan.looks
    if looks is not None and looks.kind == "anytime_bounded":
        return bounded_evidence(data, scores, outcome).p
    sample = looks.sample if looks is not None else found.people
    return min(1.0, 1 / evidence(found.z, found.people / sample, data.plan.alpha))


def bounded_evidence(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> Evidence:
    """Return the evidence on scores whose limits are known, participant by participant.

    Raises LookError if the limits are not known.
    """
    low, high = score_range(data, outcome)
    if low is None or high is None:
        raise LookError(
            f"The limits of the scores of {outcome.key!r} are not known, which "
            "anytime_bounded needs. Use the kind anytime_mean."
        )
    finished = data.participants.set_index("participant")["completed_at"]
    if outcome.analysis == "paired":
        wide = condition_means(data, outcome).dropna()
        order = _order(finished.reindex(wide.index))
        later_minus_earlier = (wide.iloc[:, 1] - wide.iloc[:, 0]).to_numpy(float)[order]
        return mean_of_differences(later_minus_earlier, high - low, data.plan.alpha)
    there = scores[scores["arm"].isin(data.plan.arms_of(outcome))].dropna(subset=[outcome.key])
    order = _order(finished.reindex(there["participant"]))
    values = there[outcome.key].to_numpy(float)[order]
    in_arm = (there["arm"] != data.plan.control).to_numpy()[order]
    return difference_of_means(values, in_arm, (low, high), data.plan.alpha)


def _order(finished: pd.Series) -> np.ndarray:
    """Return the places in the order of finishing; who has not finished comes last."""
    return np.argsort(finished.to_numpy(), kind="stable")
