"""Fallbacks: the analyses that supply an outcome's test if the planned analysis has none."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from analysis.outcomes.finding import OutcomeFinding
from analysis.plan.plan import Outcome, analysis_of, analysis_with, fallbacks_of
from analysis.statistics.estimate import HypothesisTest, NoTest, NotEstimable
from analysis.study_data.study_data import StudyData

Run = Callable[[StudyData, pd.DataFrame, Outcome], OutcomeFinding]


@dataclass(frozen=True)
class Refusal:
    """An analysis that has no test for these data, with the reason."""

    analysis: str
    label: str
    reason: str


@dataclass(frozen=True)
class Fallback:
    """The analysis that supplies the outcome's test.

    `declared` is True if the plan names it, False if it is the planned analysis's default.
    """

    analysis: str
    label: str
    declared: bool
    found: OutcomeFinding


def fall_back(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, planned: OutcomeFinding, run: Run
) -> tuple[Fallback | None, tuple[Refusal, ...]]:
    """Return the first fallback with a test, and the analyses that have none, the planned first.

    Fallbacks that the plan names are tried for every reason. Those that it does not name are tried
    only if the data can be compared (NoTest), because another test must not hide a faulty plan.
    """
    if not isinstance(planned.test, NotEstimable):
        return None, ()
    refusals = [Refusal(outcome.analysis, analysis_of(outcome).label, planned.test.reason)]
    for key in fallbacks_of(outcome):
        declared = key in outcome.fallback
        if not declared and not isinstance(planned.test, NoTest):
            continue
        found = run(data, scores, as_analysis(outcome, key))
        label = analysis_with(key).label
        if isinstance(found.test, HypothesisTest):
            return Fallback(key, label, declared, found), tuple(refusals)
        refusals.append(Refusal(key, label, found.test.reason))
    return None, tuple(refusals)


def as_analysis(outcome: Outcome, key: str) -> Outcome:
    """Return the outcome as if the plan had declared the fallback's analysis."""
    return replace(outcome, analysis=key, fallback=("none",))
