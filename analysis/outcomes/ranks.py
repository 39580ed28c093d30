"""The analysis "ranks": a single ordinal answer per participant, arms between subjects."""

from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.one_way import scores_by_arm
from analysis.plan.plan import Outcome
from analysis.statistics.comparisons.omnibus import kruskal_wallis
from analysis.statistics.comparisons.ranks import cliffs_delta, mann_whitney, superiority
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.effect_sizes import epsilon_squared
from analysis.statistics.estimate import Estimate, Groups, HypothesisTest, NotEstimable, attempt
from analysis.statistics.multiplicity import holm
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class RankContrast:
    """An arm against the control by ranks. U counts the pairs in which the arm is higher.

    `p_adjusted` is Holm's over the arms, for the Brunner-Munzel test, which does not assume equal
    shapes.
    """

    arm: str
    label: str
    mann_whitney: HypothesisTest | NotEstimable
    superiority: Estimate | NotEstimable
    delta: Estimate | NotEstimable
    p_adjusted: float | None


@dataclass(frozen=True)
class Ranked:
    """Kruskal-Wallis test, which enters the outcome's family, and contrasts by ranks."""

    arms: tuple[ArmSummary, ...]
    test: HypothesisTest | NotEstimable
    epsilon_squared: Estimate | NotEstimable
    contrasts: tuple[RankContrast, ...]


def ranked(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> Ranked:
    """Compare the arms by ranks in the column `outcome.key` of the scores."""
    plan = data.plan
    groups = scores_by_arm(scores, outcome, data)
    test = attempt("Kruskal-Wallis", lambda: kruskal_wallis(groups))
    return Ranked(
        tuple(summarise(arm, data.labels[arm], groups[arm], plan.level) for arm in groups),
        test,
        attempt("epsilon squared", lambda: _epsilon(test, 1 - 2 * plan.alpha)),
        _against_control(groups, data),
    )


def _against_control(groups: Groups, data: StudyData) -> tuple[RankContrast, ...]:
    control = groups[data.plan.control]
    arms = [arm for arm in groups if arm != data.plan.control]
    level = data.plan.level
    superiorities = {
        arm: attempt("superiority", partial(superiority, groups[arm], control, level))
        for arm in arms
    }
    # Brunner-Munzel's p enters Holm's procedure; U assumes equal shapes under the alternative.
    adjusted = holm(
        {
            arm: estimate.p if isinstance(estimate, Estimate) else None
            for arm, estimate in superiorities.items()
        }
    )
    return tuple(
        RankContrast(
            arm,
            data.labels[arm],
            attempt("Mann-Whitney", partial(mann_whitney, groups[arm], control)),
            superiorities[arm],
            attempt("Cliff's delta", partial(cliffs_delta, groups[arm], control, level)),
            adjusted[arm],
        )
        for arm in arms
    )


def _epsilon(test: HypothesisTest | NotEstimable, level: float) -> Estimate:
    if isinstance(test, NotEstimable):
        raise NotEstimableError(test.reason)
    return epsilon_squared(test, level)
