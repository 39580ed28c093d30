"""Kinds of outcome that a plan can declare, which are ways to compute a participant's score.

A new kind is a function and an entry in KINDS.
"""

from dataclasses import dataclass
from typing import Literal

Population = Literal["completed", "randomised", "per_protocol"]
POPULATIONS: tuple[Population, ...] = ("completed", "randomised", "per_protocol")


@dataclass(frozen=True)
class OutcomeKind:
    """A kind of outcome: `path` names a function (StudyData, Outcome) → Series of scores.

    `table` is the table that the scores come from, whose rows the outcome's `where` selects. `uses`
    lists the SCORE_FIELDS that the kind reads; a plan that gives another of them is refused.
    """

    key: str
    label: str
    needs: tuple[str, ...]  # fields of Outcome that must be given
    population: Population  # default, unless the outcome declares another
    path: str
    uses: tuple[str, ...]
    table: Literal["trials.csv", "answers.csv"] = "trials.csv"
    analysis: str = ""  # the only analysis of such an outcome; any other than these if empty
    columns: tuple[str, ...] = ()  # columns of `table` that are always read


SCORE_FIELDS = ("scale", "item", "column", "measure", "min_answered", "transform")
"""Fields of an outcome that only some kinds read."""

KINDS = (
    OutcomeKind(
        "scale",
        "mean of a scale's items, after reversal",
        ("scale",),
        "completed",
        "analysis.study_data.scoring.questionnaire_score",
        ("scale", "min_answered"),
        "answers.csv",
    ),
    OutcomeKind(
        "item",
        "answer to a single item",
        ("item",),
        "completed",
        "analysis.study_data.scoring.questionnaire_score",
        ("item",),
        "answers.csv",
    ),
    OutcomeKind(
        "trial_mean",
        "mean of a trial column over the participant's answered trials",
        ("column",),
        "randomised",
        "analysis.study_data.scoring.trial_mean",
        ("column", "transform"),
    ),
    OutcomeKind(
        "behaviour",
        "measure of behaviour over the participant's trials",
        ("measure",),
        "randomised",
        "analysis.sections.behaviour.measures.participant_measure",
        ("measure",),
    ),
    OutcomeKind(
        "preference",
        "preferences between two maps of one image",
        (),
        "randomised",
        "analysis.study_data.preferences.first_place_share",
        (),
        analysis="paired_preferences",
        columns=("map_methods", "preferred_map"),
    ),
)
