"""Agreement of participants with right and with wrong predictions, by arm."""

from dataclasses import dataclass
from functools import partial

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
    return tuple(
        ArmAgreement(
            arm,
            label,
            **{name: attempt(name, partial(_share, data, arm, name)) for name in MEASURES},
        )
        for arm, label in data.labels.items()
    )


def participant_shares(data: StudyData, arm: str, measure: str) -> Scores:
    """Return the measure's share for each participant of the arm for whom it is defined."""
    column, where = MEASURES[measure]
    outcome = Outcome(
        measure, measure, "trial_mean", population="randomised", column=column, where=where
    )
    shares = outcome_scores(data, outcome)[(data.participants["arm"] == arm).to_numpy()]
    return shares.dropna().to_numpy(dtype=float)


def _share(data: StudyData, arm: str, measure: str) -> Estimate:
    return mean(participant_shares(data, arm, measure), data.plan.level, low=0.0, high=1.0)
