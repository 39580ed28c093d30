"""Populations of participants: randomised, completed, per protocol, and analysed by outcome."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.plan.plan import Outcome, Population, kind_of, resolve
from analysis.study_data.scoring import earlier_score
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class FlowRow:
    """Participants of an arm: randomised = completed + stopped + left silently + ended + erased.

    `stopped` ended early and kept their answers, `left_silently` started and never finished, and
    `ended` were ended early by the study, such as after failed checks, and
    `erased` withdrew, so their data do not exist (0 if the export does not contain their number,
    see `erased_known`). Numbers that the data of another study do not show are None, and
    `randomised` then counts the participants, whatever their allocation (see Flow.allocation).
    `analysed` counts, by outcome key, the participants with a score in the outcome's population.
    """

    arm: str
    label: str
    randomised: int
    completed: int | None
    stopped: int | None
    left_silently: int | None
    erased: int
    erased_known: bool
    simulated: int
    analysed: Mapping[str, int]
    ended: int | None = 0


def members(data: StudyData, population: Population) -> "pd.Series[bool]":
    """Flag the participants who belong to the population.

    randomised: intention to treat, everyone randomised whose data exist, stopped early or not.
    completed: reached the end. per_protocol: completed, and in no exclusion rule of the plan.
    A rule of scope "all" takes participants out of all three. If the data do not show who
    completed, nobody is taken out for it.
    """
    exclusions = data.exclusions
    there: pd.Series[bool] = ~exclusions.out_of_all
    if population == "randomised":
        return there
    if data.plan.states != "unknown":
        there &= data.participants["state"] == "completed"
    if population == "per_protocol":
        there &= ~exclusions.out_of_protocol
    return there


def outcome_scores(data: StudyData, outcome: Outcome) -> pd.Series:
    """Return the outcome's score by participant, missing outside its population and arms."""
    scores: pd.Series = resolve(kind_of(outcome).path)(data, outcome)
    return scores.where(analysed_people(data, outcome).to_numpy())


def analysed_people(data: StudyData, outcome: Outcome) -> "pd.Series[bool]":
    """Flag the participants in the outcome's population and arms."""
    return members(data, outcome.population) & data.participants["arm"].isin(
        data.plan.arms_of(outcome)
    )


def score_table(data: StudyData) -> pd.DataFrame:
    """Return one row per participant: participant, arm, state, simulated, each outcome's score.

    An outcome with an earlier measurement has it in the column `<key>.before`.
    """
    table = data.participants[["participant", "arm", "state", "simulated"]].copy()
    for outcome in data.plan.outcomes:
        table[outcome.key] = outcome_scores(data, outcome).to_numpy()
        if outcome.before:
            there = analysed_people(data, outcome).to_numpy()
            table[f"{outcome.key}.before"] = earlier_score(data, outcome).where(there).to_numpy()
    return table


def participant_flow(data: StudyData, scores: pd.DataFrame) -> tuple[FlowRow, ...]:
    """Return one row per arm of the plan, in its order."""
    return tuple(_flow_row(data, scores, arm, label) for arm, label in data.labels.items())


def _flow_row(data: StudyData, scores: pd.DataFrame, arm: str, label: str) -> FlowRow:
    people = data.participants[data.participants["arm"] == arm]
    states = people["state"].value_counts()
    own = scores[scores["arm"] == arm]
    erased = (data.erased or {}).get(arm, 0)
    known = data.plan.states
    return FlowRow(
        arm,
        label,
        len(people) + erased,
        None if known == "unknown" else int(states.get("completed", 0)),
        int(states.get("stopped", 0)) if known == "recorded" else None,
        None if known == "unknown" else int(states.get("started", 0)),
        erased,
        data.erased is not None,
        int((people["simulated"] == 1).sum()),
        {outcome.key: int(own[outcome.key].notna().sum()) for outcome in data.plan.outcomes},
        int(states.get("ended", 0)) if known == "recorded" else None,
    )
