"""Who was randomised, who finished, and who is analysed in which outcome."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.plan.plan import Outcome, Population, kind_of, resolve
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class FlowRow:
    """An arm's participants: randomised = completed + started only + withdrawn.

    `analysed` counts, by outcome key, those with a score in the outcome's population.
    """

    arm: str
    label: str
    randomised: int
    completed: int
    started_only: int
    withdrawn: int
    simulated: int
    analysed: Mapping[str, int]


def members(data: StudyData, population: Population) -> "pd.Series[bool]":
    """Who belongs to the population. Who withdrew took back the use of their data: never.

    randomised: intention to treat. completed: reached the end. per_protocol: completed, and taken
    by none of the plan's exclusions. A rule of scope "all" takes people out of all three.
    """
    state: pd.Series[str] = data.participants["state"]
    exclusions = data.exclusions
    there: pd.Series[bool] = (state != "withdrawn") & ~exclusions.out_of_all
    if population == "randomised":
        return there
    there &= state == "completed"
    if population == "per_protocol":
        there &= ~exclusions.out_of_protocol
    return there


def outcome_scores(data: StudyData, outcome: Outcome) -> pd.Series:
    """The outcome's score by participant, missing outside its population and arms."""
    scores: pd.Series = resolve(kind_of(outcome).path)(data, outcome)
    asked = data.participants["arm"].isin(data.plan.arms_of(outcome)).to_numpy()
    return scores.where(asked).where(members(data, outcome.population).to_numpy())


def score_table(data: StudyData) -> pd.DataFrame:
    """One row per participant: participant, arm, state, simulated, and each outcome's score."""
    table = data.participants[["participant", "arm", "state", "simulated"]].copy()
    for outcome in data.plan.outcomes:
        table[outcome.key] = outcome_scores(data, outcome).to_numpy()
    return table


def participant_flow(data: StudyData, scores: pd.DataFrame) -> tuple[FlowRow, ...]:
    """One row per arm of the plan, in its order."""
    return tuple(_flow_row(data, scores, arm, label) for arm, label in data.labels.items())


def _flow_row(data: StudyData, scores: pd.DataFrame, arm: str, label: str) -> FlowRow:
    people = data.participants[data.participants["arm"] == arm]
    states = people["state"].value_counts()
    own = scores[scores["arm"] == arm]
    return FlowRow(
        arm,
        label,
        len(people),
        int(states.get("completed", 0)),
        int(states.get("started", 0)),
        int(states.get("withdrawn", 0)),
        int((people["simulated"] == 1).sum()),
        {outcome.key: int(own[outcome.key].notna().sum()) for outcome in data.plan.outcomes},
    )
