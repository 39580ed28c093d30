"""The analyses "permutation" and "permutation_within", which hold where scores do not vary."""

from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.binary_trials import population_trials
from analysis.outcomes.factorial import two_factor_table
from analysis.outcomes.one_way import scores_by_arm
from analysis.outcomes.repeated import condition_means
from analysis.plan.plan import Outcome, tested_effect
from analysis.statistics.comparisons.clustered import clustered_share, risk_difference
from analysis.statistics.comparisons.permutation import (
    permute_arms,
    permute_arms_within,
    permute_conditions,
)
from analysis.statistics.comparisons.ranks import superiority
from analysis.statistics.comparisons.two_samples import paired_t, welch_t
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Estimate, Groups, HypothesisTest, NotEstimable, attempt
from analysis.statistics.multiplicity import holm
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class PermutedContrast:
    """An arm against the control, or a condition against an earlier condition.

    `mean_difference` always exists; `difference` adds an interval, of the risk difference for
    yes-or-no trials. `p_adjusted` is Holm's over the comparisons, of the tests by permutation.
    `superiority` is None for conditions.
    """

    arm: str
    label: str
    reference: str
    mean_difference: float | None
    difference: Estimate | NotEstimable
    superiority: Estimate | NotEstimable | None
    test: HypothesisTest | NotEstimable
    p_adjusted: float | None


@dataclass(frozen=True)
class Permuted:
    """The test by permutation, which enters the outcome's family, and the comparisons.

    `arms` are conditions if `within`. `incomplete` counts the participants who lack a condition.
    """

    arms: tuple[ArmSummary, ...]
    test: HypothesisTest | NotEstimable
    contrasts: tuple[PermutedContrast, ...]
    within: bool
    incomplete: int


def permutation(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> Permuted:
    """Compare the arms' scores, within the levels of `factor` if the outcome has one."""
    plan = data.plan
    groups = scores_by_arm(scores, outcome, data)
    test = attempt("permutation", lambda: _of_arms(groups, data, scores, outcome))
    return Permuted(
        tuple(summarise(arm, data.labels[arm], groups[arm], plan.level) for arm in groups),
        test,
        _against_control(groups, data, outcome),
        False,
        0,
    )


def _of_arms(
    groups: Groups, data: StudyData, scores: pd.DataFrame, outcome: Outcome
) -> HypothesisTest:
    if outcome.factor is None and not outcome.factors:
        return permute_arms(groups)
    if outcome.factors or tested_effect(outcome) != "a":
        raise NotEstimableError("the outcome's test is not of the arms, which alone are permuted")
    return permute_arms_within(two_factor_table(data, scores, outcome), data.labels)


def permutation_within(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> Permuted:
    """Compare the conditions over all arms together, within participants."""
    wide = condition_means(data, outcome)
    complete, level = wide.dropna(), data.plan.level
    names = [str(name) for name in complete]
    pairs = [(b, a) for place, a in enumerate(names) for b in names[place + 1 :]]
    tests = {
        pair: attempt("permutation", partial(permute_conditions, complete[list(pair)]))
        for pair in pairs
    }
    adjusted = holm({" ".join(pair): _p(test) for pair, test in tests.items()})
    columns = {name: complete[name].to_numpy(float) for name in names}
    return Permuted(
        tuple(summarise(name, name, columns[name], level) for name in names),
        attempt("permutation", lambda: permute_conditions(complete)),
        tuple(
            PermutedContrast(
                b,
                b,
                a,
                float((columns[b] - columns[a]).mean()) if len(complete) else None,
                attempt("mean of differences", partial(paired_t, columns[b], columns[a], level)),
                None,
                tests[b, a],
                adjusted[f"{b} {a}"],
            )
            for b, a in pairs
        ),
        True,
        len(wide) - len(complete),
    )


def _against_control(
    groups: Groups, data: StudyData, outcome: Outcome
) -> tuple[PermutedContrast, ...]:
    control, level = data.plan.control, data.plan.level
    arms = [arm for arm in groups if arm != control]
    tests = {arm: attempt("permutation", partial(_pair, groups, arm, control)) for arm in arms}
    adjusted = holm({arm: _p(test) for arm, test in tests.items()})
    differences = _differences(groups, data, outcome)
    return tuple(
        PermutedContrast(
            arm,
            data.labels[arm],
            control,
            float(groups[arm].mean() - groups[control].mean())
            if len(groups[arm]) and len(groups[control])
            else None,
            differences[arm],
            attempt("superiority", partial(superiority, groups[arm], groups[control], level)),
            tests[arm],
            adjusted[arm],
        )
        for arm in arms
    )


def _pair(groups: Groups, arm: str, control: str) -> HypothesisTest:
    return permute_arms({control: groups[control], arm: groups[arm]})


def _differences(
    groups: Groups, data: StudyData, outcome: Outcome
) -> dict[str, Estimate | NotEstimable]:
    """Return each arm's difference from the control with an interval, on shares if possible."""
    control, level = data.plan.control, data.plan.level
    arms = [arm for arm in groups if arm != control]
    trials = None if outcome.column is None else population_trials(data, outcome)
    if trials is None or not set(trials["value"].dropna()) <= {0.0, 1.0}:
        return {
            arm: attempt("mean difference", partial(welch_t, groups[arm], groups[control], level))
            for arm in arms
        }

    def difference(arm: str) -> Estimate:
        parts = [trials[trials["arm"] == name] for name in (arm, control)]
        if any(part.empty for part in parts):
            raise NotEstimableError("an arm has no trials of this outcome")
        a, b = (clustered_share(part["value"], part["participant"]) for part in parts)
        return risk_difference(a, b, level)

    return {arm: attempt("risk difference", partial(difference, arm)) for arm in arms}


def _p(test: HypothesisTest | NotEstimable) -> float | None:
    return test.p if isinstance(test, HypothesisTest) else None
