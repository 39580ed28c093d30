"""The analysis "one_way": one score per participant, arms between subjects."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.plan.plan import Outcome, Plan
from analysis.statistics.comparisons.dunnett import dunnett
from analysis.statistics.comparisons.equivalence import (
    Equivalence,
    Verdict,
    equivalence,
    with_verdicts,
)
from analysis.statistics.comparisons.omnibus import kruskal_wallis, welch_anova
from analysis.statistics.comparisons.pairwise import PairwiseDifference, games_howell
from analysis.statistics.comparisons.planned import ContrastResult, planned_contrasts
from analysis.statistics.comparisons.ranks import cliffs_delta, superiority
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.effect_sizes import epsilon_squared, hedges_g, omega_squared
from analysis.statistics.estimate import (
    Estimate,
    Groups,
    HypothesisTest,
    LabelledGroups,
    NotEstimable,
    attempt,
)
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class Contrast:
    """An arm against a reference arm.

    `difference` is the difference of means with Dunnett's p and interval for unequal variances,
    adjusted over the arms. Hedges' g, Cliff's delta and the probability of superiority
    (Brunner-Munzel) are not adjusted. `equivalence` and `verdict` are None unless the plan declares
    the outcome's smallest effect; `p_equivalence` is Holm's.
    """

    arm: str
    label: str
    difference: Estimate | NotEstimable
    g: Estimate | NotEstimable
    delta: Estimate | NotEstimable
    superiority: Estimate | NotEstimable
    equivalence: Equivalence | NotEstimable | None = None
    p_equivalence: float | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class OneWay:
    """Omnibus tests and comparisons of the arms' scores.

    `pairs` contains every pair of arms, `contrasts` the pairs with the control, `against_ai_only`
    the pairs with the arm that saw only the classifier's answer.
    """

    arms: tuple[ArmSummary, ...]
    welch: HypothesisTest | NotEstimable
    omega_squared: Estimate | NotEstimable
    kruskal_wallis: HypothesisTest | NotEstimable
    epsilon_squared: Estimate | NotEstimable
    contrasts: tuple[Contrast, ...]
    against_ai_only: tuple[Contrast, ...]
    planned: tuple[ContrastResult, ...]
    pairs: tuple[PairwiseDifference, ...] | NotEstimable

    @property
    def test(self) -> HypothesisTest | NotEstimable:
        """Return the Welch ANOVA, which enters the outcome's family."""
        return self.welch


def one_way(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> OneWay:
    """Compare the arms in the column `outcome.key` of the scores (populations.score_table)."""
    plan, labels = data.plan, data.labels
    groups = scores_by_arm(scores, outcome, data)
    share_level = 1 - 2 * plan.alpha  # see effect_sizes.omega_squared
    welch = attempt("Welch ANOVA", lambda: welch_anova(groups))
    kruskal = attempt("Kruskal-Wallis", lambda: kruskal_wallis(groups))
    ai_only = plan.ai_only if plan.ai_only in groups and plan.ai_only != plan.control else None
    return OneWay(
        tuple(summarise(arm, labels[arm], groups[arm], plan.level) for arm in groups),
        welch,
        attempt("omega squared", lambda: omega_squared(_done(welch), share_level)),
        kruskal,
        attempt("epsilon squared", lambda: epsilon_squared(_done(kruskal), share_level)),
        against(groups, plan.control, data, outcome),
        () if ai_only is None else against(groups, ai_only, data, outcome),
        planned_contrasts(groups, plan.contrasts, plan.level),
        attempt("Games-Howell", lambda: games_howell(groups, plan.level)),
    )


@dataclass(frozen=True)
class ArmsAndTest:
    """The part of OneWay that the sensitivity check shows."""

    arms: tuple[ArmSummary, ...]
    test: HypothesisTest | NotEstimable


def arms_and_test(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ArmsAndTest:
    """Return scores by arm and the Welch ANOVA, without the slow comparisons of arms."""
    groups = scores_by_arm(scores, outcome, data)
    level = data.plan.level
    return ArmsAndTest(
        tuple(summarise(arm, data.labels[arm], groups[arm], level) for arm in groups),
        attempt("Welch ANOVA", lambda: welch_anova(groups)),
    )


class Study(Protocol):
    """The plan and the labels of the arms, which data and results both have."""

    @property
    def plan(self) -> Plan:
        """Return the plan."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Return the label by arm."""


def scores_by_arm(scores: pd.DataFrame, outcome: Outcome, study: Study) -> LabelledGroups:
    """Return the outcome's non-missing scores by arm, in plan order, for arms that were asked."""
    answered = scores.dropna(subset=[outcome.key])
    groups = {
        arm: answered.loc[answered["arm"] == arm, outcome.key].to_numpy(dtype=float)
        for arm in study.plan.arms_of(outcome)
    }
    return LabelledGroups(groups, study.labels)


def against(
    groups: Groups, reference: str, data: StudyData, outcome: Outcome
) -> tuple[Contrast, ...]:
    """Compare every other arm with the reference: effect sizes and, if planned, equivalence."""
    # Dunnett's method needs all arms at once; the effect sizes are computed pair by pair.
    level = data.plan.level
    differences = attempt("Dunnett", lambda: dunnett(groups, reference, level))
    contrasts = tuple(
        Contrast(
            arm,
            data.labels[arm],
            _of(differences, arm),
            attempt("Hedges' g", partial(hedges_g, groups[arm], groups[reference], level)),
            attempt("Cliff's delta", partial(cliffs_delta, groups[arm], groups[reference], level)),
            attempt("superiority", partial(superiority, groups[arm], groups[reference], level)),
        )
        for arm in groups
        if arm != reference
    )
    if outcome.smallest_effect is None:
        return contrasts
    return _with_equivalence(contrasts, groups, reference, outcome.smallest_effect, data.plan.alpha)


def _with_equivalence(
    contrasts: tuple[Contrast, ...], groups: Groups, reference: str, smallest: float, alpha: float
) -> tuple[Contrast, ...]:
    """Add equivalence tests and verdicts to the contrasts.

    The verdict uses p adjusted over the arms on both sides: Dunnett's, and Holm's for equivalence.
    """
    tests = {
        contrast.arm: attempt(
            "equivalence",
            partial(equivalence, groups[contrast.arm], groups[reference], smallest, alpha),
        )
        for contrast in contrasts
    }
    p_differences = {
        contrast.arm: contrast.difference.p if isinstance(contrast.difference, Estimate) else None
        for contrast in contrasts
    }
    # Dunnett's p are already adjusted over the arms; Holm adjusts only the equivalence tests.
    return with_verdicts(contrasts, tests, p_differences, alpha)


def _of(
    differences: tuple[PairwiseDifference, ...] | NotEstimable, arm: str
) -> Estimate | NotEstimable:
    if isinstance(differences, NotEstimable):
        return differences
    return next(pair.difference for pair in differences if pair.arm == arm)


def _done(test: HypothesisTest | NotEstimable) -> HypothesisTest:
    if isinstance(test, NotEstimable):
        raise NotEstimableError(test.reason)
    return test
