"""Trials whose value has no logarithm, counted by outcome and arm before anything is computed."""

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.errors import TableError
from analysis.plan.plan import Outcome
from analysis.study_data.logarithms import NONE, has_none
from analysis.study_data.populations import analysed_people
from analysis.study_data.scoring import answered_trials
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class WithoutLogarithm:
    """Answered trials of an outcome that have no logarithm, by arm, and all answered trials."""

    trials: Mapping[str, int]
    of: int


def count_without_logarithm(data: StudyData) -> dict[str, WithoutLogarithm]:
    """Return the counts by key of the outcomes that leave such trials out, as the plan declares.

    They are counted among the participants of the outcome's test and of its sensitivity analysis.
    Raises TableError for outcomes with such trials if the plan does not declare what happens to
    them: leaving them out would select the trials by the value that is compared.
    """
    counts, problems = {}, []
    for outcome in data.plan.outcomes:
        if outcome.transform is None or outcome.column is None:
            continue
        count = _count(data, outcome)
        if not sum(count.trials.values()):
            continue
        counts[outcome.key] = count
        if outcome.without_logarithm == "refuse":
            problems.append(_refusal(outcome, count))
    if problems:
        raise TableError(problems)
    return counts


def _count(data: StudyData, outcome: Outcome) -> WithoutLogarithm:
    people = analysed_people(data, outcome)
    if outcome.population == "per_protocol" and data.rules:
        # The sensitivity analysis is of everybody.
        people = data.participants["arm"].isin(data.plan.arms_of(outcome))
        people &= ~data.exclusions.out_of_all
    trials = answered_trials(data, outcome)
    trials = trials[trials["participant"].isin(data.participants["participant"][people.to_numpy()])]
    bad = trials.loc[has_none(trials["value"], outcome.transform), "arm"].value_counts()
    by_arm = {arm: int(bad.get(arm, 0)) for arm in data.plan.arms_of(outcome)}
    return WithoutLogarithm(by_arm, int(trials["value"].notna().sum()))


def _refusal(outcome: Outcome, count: WithoutLogarithm) -> str:
    by_arm = ", ".join(f"{arm} {number}" for arm, number in count.trials.items())
    ways = 'Set without_logarithm = "leave_out", or remove transform.'
    if outcome.transform == "log":
        ways = (
            'Set transform = "log1p" (the logarithm of 1 + value), or without_logarithm = '
            '"leave_out", or remove transform.'
        )
    return (
        f"outcome {outcome.key!r}: {sum(count.trials.values())} of {count.of} values of "
        f"{outcome.column!r} are {NONE[str(outcome.transform)]} and have no logarithm ({by_arm}). "
        f"{ways}"
    )
