"""What a plan can measure: how one score per participant comes about.

A new kind of outcome is a function and an entry of KINDS.
"""

from dataclasses import dataclass
from typing import Literal

Population = Literal["completed", "randomised", "per_protocol"]
POPULATIONS: tuple[Population, ...] = ("completed", "randomised", "per_protocol")


@dataclass(frozen=True)
class OutcomeKind:
    """How one score per participant comes about: `path` names (StudyData, Outcome) → Series."""

    key: str
    label: str
    needs: tuple[str, ...]  # fields of Outcome that must be given
    population: Population  # unless the outcome names another
    path: str


KINDS = (
    OutcomeKind(
        "scale",
        "mean of a scale's items, after reversal",
        ("scale",),
        "completed",
        "analysis.study_data.scoring.scale_score",
    ),
    OutcomeKind(
        "item",
        "the answer to a single item",
        ("item",),
        "completed",
        "analysis.study_data.scoring.item_score",
    ),
    OutcomeKind(
        "trial_mean",
        "mean of a trial column over the participant's answered trials",
        ("column",),
        "randomised",
        "analysis.study_data.scoring.trial_mean",
    ),
    OutcomeKind(
        "behaviour",
        "a measure of behaviour over the participant's trials",
        ("measure",),
        "randomised",
        "analysis.sections.behaviour.measures.participant_measure",
    ),
)
