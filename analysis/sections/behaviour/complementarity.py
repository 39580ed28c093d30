"""Accuracy of people with the classifier, compared with either of them alone."""

from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.two_samples import welch_t
from analysis.statistics.descriptives import mean
from analysis.statistics.estimate import Estimate, NotEstimable, Scores, attempt


@dataclass(frozen=True)
class Complementarity:
    """An arm's accuracy minus people's alone, minus the classifier's, and minus the better.

    `complements` is True only if the intervals of both differences are above 0.
    """

    arm: str
    label: str
    over_human: Estimate | NotEstimable
    over_ai: Estimate | NotEstimable
    over_better: Estimate | NotEstimable
    complements: bool | None


def complementarity(
    arm: str, label: str, team: pd.DataFrame, alone: pd.DataFrame, level: float
) -> Complementarity:
    """Compare the trials of an arm with the trials of the arm without the classifier."""
    over_human = attempt("accuracy over human alone", partial(_over_human, team, alone, level))
    over_ai = attempt("accuracy over the classifier alone", partial(_over_ai, team, level))
    better = attempt("complementarity", partial(_over_better, over_human, over_ai))
    known = isinstance(over_human, Estimate) and isinstance(over_ai, Estimate)
    return Complementarity(
        arm,
        label,
        over_human,
        over_ai,
        better,
        min(over_human.low, over_ai.low) > 0 if known else None,  # type: ignore[union-attr]
    )


def _over_human(team: pd.DataFrame, alone: pd.DataFrame, level: float) -> Estimate:
    return welch_t(_accuracy(team, "final_right"), _accuracy(alone, _own_answer(alone)), level)


def _over_ai(team: pd.DataFrame, level: float) -> Estimate:
    """Return the gain over the classifier, paired within participants on the same trials."""
    rows = team.dropna(subset=["final_right", "advice_right"])
    gain = (rows["final_right"] - rows["advice_right"]).groupby(rows["participant"]).mean()
    return mean(gain.to_numpy(float), level, low=-1.0, high=1.0)


def _over_better(over_human: Estimate | NotEstimable, over_ai: Estimate | NotEstimable) -> Estimate:
    """Return the smaller of the two differences: team minus max(human alone, classifier alone).

    The interval extends from the smaller lower limit to the smaller upper limit. Its lower limit
    keeps its level whichever of the two is better (intersection-union); the upper limit may miss
    twice.
    """
    if isinstance(over_human, NotEstimable) or isinstance(over_ai, NotEstimable):
        raise NotEstimableError(
            "the differences from human alone and from classifier alone are both needed"
        )
    # The test has no p: the claim needs both differences, and each has its own test.
    return Estimate(
        "complementarity",
        min(over_human.value, over_ai.value),
        min(over_human.low, over_ai.low),
        min(over_human.high, over_ai.high),
        over_human.level,
        over_human.n,
        "intersection-union",
    )


def _own_answer(alone: pd.DataFrame) -> str:
    """Return the column with the answer of people alone, who answer once per trial."""
    return "first_right" if alone["first_right"].notna().any() else "final_right"


def _accuracy(trials: pd.DataFrame, column: str) -> Scores:
    return trials.groupby("participant")[column].mean().dropna().to_numpy(dtype=float)
