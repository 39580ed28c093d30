"""Agreement of participants with right and with wrong predictions, by arm."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from analysis.plan.plan import Outcome
from analysis.statistics.descriptives import mean
from analysis.statistics.estimate import Estimate, NotEstimable, Scores, attempt
from analysis.study_data.populations import outcome_scores
from analysis.study_data.study_data import StudyData

MEASURES = {
    "agreement_right": ("agreed", {"prediction_correct": 1}),
    "agreement_wrong": ("agreed", {"prediction_correct": 0}),
    "decision_accuracy": ("decision_correct", {}),
}


@dataclass(frozen=True)
class ArmAgreement:
    """Shares in an arm, each the mean over participants of the participant's share.

    `agreement_right` is the share of right predictions accepted, `agreement_wrong` the share of
    wrong predictions accepted (over-reliance), `decision_accuracy` the share of good decisions:
    right predictions accepted and wrong predictions rejected.
    """

    arm: str
    label: str
    agreement_right: Estimate | NotEstimable
    agreement_wrong: Estimate | NotEstimable
    decision_accuracy: Estimate | NotEstimable


def agreement_by_arm(data: StudyData) -> tuple[ArmAgreement, ...]:
    """Return the shares by arm, of everyone randomised who answered such a trial.

    The t intervals are truncated to 0..1.
    """
    arms, level = data.participants["arm"].to_numpy(), data.plan.level
    shares = {name: participant_shares(data, name) for name in MEASURES}

    def share(arm: str, measure: str) -> Estimate:
        own = shares[measure][arms == arm]
        return mean(own[~np.isnan(own)], level, low=0.0, high=1.0)

    return tuple(
        ArmAgreement(
            arm,
            label,
            **{name: attempt(name, partial(share, arm, name)) for name in MEASURES},
        )
        for arm, label in data.labels.items()
    )


def participant_shares(data: StudyData, measure: str) -> Scores:
    """Return the measure's share by participant, NaN for those for whom it is not defined."""
    column, where = MEASURES[measure]
    outcome = Outcome(
        measure, measure, "trial_mean", population="randomised", column=column, where=where
    )
    return outcome_scores(data, outcome).to_numpy(dtype=float)
