"""Measures of behaviour that are simulated: shares of trials in which advice is followed or not.

A first answer is right in a share of the trials that is supposed; a wrong one is never the wrong
advice. Who already gave the advice as the first answer keeps it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.plan.plan import Outcome, Plan
from analysis.plan.tables import Behaviour
from analysis.power.answers import Array
from analysis.power.assumptions import Assumptions, Design

COLUMNS = Behaviour(first="first", advice="advice", final="final", truth="truth")
RIGHT, WRONG, OTHER = "right", "wrong", "other"  # answers


@dataclass(frozen=True)
class Counted:
    """Which trials a measure counts, and whether it counts them as followed.

    `advice_right`: None for both kinds. `same_first`: the trials in which the first answer is the
    advice are among them.
    """

    followed: bool
    advice_right: bool | None
    same_first: bool = False


COUNTED = {
    "agreement": Counted(True, None, same_first=True),
    "switching": Counted(True, None),
    "over_reliance": Counted(True, False),
    "under_reliance": Counted(False, True, same_first=True),
    "over_reliance_first_right": Counted(True, False),
    "under_reliance_first_wrong": Counted(False, True),
    "rair": Counted(True, True),
    "rsr": Counted(False, False),
}


def problems_of(outcome: Outcome, plan: Plan, design: Design) -> list[str]:
    """Why the measure of this outcome cannot be simulated; empty where it can."""
    name = f"outcome {outcome.key!r}"
    counted = COUNTED.get(str(outcome.measure))
    if counted is None:
        return [f"{name}: {outcome.measure} is not simulated; known: {list(COUNTED)}."]
    if design.conditions:
        return [f"{name}: measures of behaviour are not simulated where conditions vary."]
    if counted.same_first and plan.behaviour is not None and plan.behaviour.first is not None:
        return [
            f"{name}: {outcome.measure} counts trials in which the first answer was the advice "
            "already, and how many these are is not simulated. Plan with "
            f"{'switching' if counted.followed else 'under_reliance_first_wrong'}."
        ]
    shown = design.right if counted.advice_right else design.wrong
    if counted.advice_right is not None and not shown:
        kind = "right" if counted.advice_right else "wrong"
        return [f"{name}: {outcome.measure} counts {kind} predictions, and none is shown."]
    return []


def answered(
    frame: pd.DataFrame, counts: Array, outcome: Outcome, assumed: Assumptions,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """The trials with the columns of COLUMNS; `counts` (trials,): 1 where a trial is counted."""
    counted = COUNTED[str(outcome.measure)]
    advice_right = frame["prediction_correct"].to_numpy() == 1
    if counted.same_first:  # one answer a trial: there is no first one that could agree
        first = np.full(len(frame), OTHER)
    else:
        own = rng.random(len(frame)) < assumed.first_right_share
        first = np.where(own, RIGHT, OTHER)
    advice = np.where(advice_right, RIGHT, WRONG)
    followed = (counts == 1) == counted.followed
    return frame.assign(
        truth=RIGHT, advice=advice, first=first, final=np.where(followed, advice, first)
    )
