"""Simulated measures of behaviour: shares of trials in which advice is followed or not.

First answers are right in an assumed share of the trials; a wrong first answer is never the wrong
advice. Participants whose first answer equals the advice keep it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.plan.plan import Outcome, Plan
from analysis.plan.tables import Behaviour
from analysis.power.answers import Array
from analysis.power.assumptions import Assumptions, Design

COLUMNS = Behaviour(first="first", advice="advice", final="final", truth="truth")
RIGHT, WRONG, OTHER = "right", "wrong", "other"  # values of an answer


@dataclass(frozen=True)
class Counted:
    """The trials that a measure counts, and whether it counts them as followed.

    `advice_right` is None for right and wrong advice. `same_first` is True if the measure includes
    trials in which the first answer equals the advice.
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
    """Return the reasons why the outcome's measure cannot be simulated, if any."""
    name = f"outcome {outcome.key!r}"
    counted = COUNTED.get(str(outcome.measure))
    if counted is None:
        return [f"{name}: {outcome.measure} is not simulated; use one of {', '.join(COUNTED)}."]
    if design.conditions:
        return [f"{name}: measures of behaviour are not simulated in within-subjects designs."]
    # The share of first answers that equal the advice is unknown before the study.
    if counted.same_first and plan.behaviour is not None and plan.behaviour.first is not None:
        return [
            f"{name}: {outcome.measure} counts trials in which the first answer was the advice "
            "already, and how many these are is not simulated. Plan with "
            f"{'switching' if counted.followed else 'under_reliance_first_wrong'}."
        ]
    shown = design.right if counted.advice_right else design.wrong
    if counted.advice_right is not None and not shown:
        kind = "right" if counted.advice_right else "wrong"
        return [f"{name}: {outcome.measure} counts {kind} predictions, but none are shown."]
    return []


def answered(
    frame: pd.DataFrame, counts: Array, outcome: Outcome, assumed: Assumptions,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Add the columns in COLUMNS to the trials.

    `counts` (trials,) is 1 where a trial counts.
    """
    advice_right = frame["prediction_correct"].to_numpy() == 1
    counted = COUNTED[str(outcome.measure)]
    first, advice, final = drawn_choices(advice_right, counts, counted, assumed, rng)
    return frame.assign(truth=RIGHT, advice=advice, first=first, final=final)


def drawn_choices(
    advice_right: np.ndarray,
    counts: Array,
    counted: Counted,
    assumed: Assumptions,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return first answer, advice and final answer (trials,) given the trials that count."""
    if counted.same_first:  # a trial with a single answer has no first answer
        first = np.full(len(advice_right), OTHER)
    else:
        first_right = rng.random(len(advice_right)) < assumed.first_right_share
        first = np.where(first_right, RIGHT, OTHER)
    advice = np.where(advice_right, RIGHT, WRONG)
    followed = (counts == 1) == counted.followed
    return first, advice, np.where(followed, advice, first)
