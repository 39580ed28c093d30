"""The analysis "repeated": conditions of a trial column, within subjects."""

from dataclasses import dataclass

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.plan.plan import Outcome
from analysis.statistics.comparisons.within import (
    PairedDifference,
    friedman,
    kendalls_w,
    paired_differences,
    wilcoxon,
)
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, attempt
from analysis.study_data.populations import members
from analysis.study_data.scoring import outcome_trials, scores_by_time, settled
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class Repeated:
    """Results with conditions in place of arms.

    `incomplete` counts the participants who lack a condition and are left out.
    """

    arms: tuple[ArmSummary, ...]
    test: HypothesisTest | NotEstimable
    kendalls_w: Estimate | NotEstimable
    pairs: tuple[PairedDifference, ...]
    incomplete: int


def repeated(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> Repeated:
    """Compare the conditions over all arms together: every participant is their own control."""
    wide = condition_means(data, outcome)
    complete = wide.dropna()
    plan = data.plan
    # Friedman's test of two conditions is the sign test, which ignores the sizes of differences.
    test = attempt(
        "conditions",
        lambda: wilcoxon(complete) if complete.shape[1] == 2 else friedman(complete),
    )
    return Repeated(
        tuple(
            summarise(str(name), str(name), complete[name].to_numpy(float), plan.level)
            for name in complete
        ),
        test,
        attempt("Kendall's W", lambda: _w(test, 1 - 2 * plan.alpha)),
        paired_differences(complete, plan.level),
        len(wide) - len(complete),
    )


def condition_means(data: StudyData, outcome: Outcome) -> pd.DataFrame:
    """Return (participants, conditions): the mean over the trials, or the questionnaire's score.

    Conditions are times if a questionnaire was asked more than once. Cells are missing for
    participants without such a trial or page.
    """
    there = members(data, outcome.population) & data.participants["arm"].isin(
        data.plan.arms_of(outcome)
    )
    people = data.participants["participant"][there.to_numpy()]
    if outcome.column is None:
        scores = scores_by_time(data, outcome)
        return scores[scores.index.isin(people)].rename(columns=str)
    trials = outcome_trials(data, outcome)
    answers = trials[trials["participant"].isin(people)]
    wide = answers.pivot_table(
        index="participant", columns=str(outcome.within), values="value", aggfunc="mean"
    )
    return settled(wide, answers["value"]).rename(columns=str)


def _w(test: HypothesisTest | NotEstimable, level: float) -> Estimate:
    if isinstance(test, NotEstimable):
        raise NotEstimableError(test.reason)
    if test.symbol != "χ²":
        raise NotEstimableError("Kendall's W needs three conditions; dz of two is in `paired`")
    return kendalls_w(test, level)
