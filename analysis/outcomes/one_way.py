"""The analysis "one_way": one score per participant with between-subjects arms."""

from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.plan.plan import Outcome, Plan
from analysis.statistics.comparisons.dunnett import dunnett
from analysis.statistics.comparisons.equivalence import Equivalence, Verdict, equivalence
from analysis.statistics.comparisons.omnibus import kruskal_wallis, welch_anova
from analysis.statistics.comparisons.pairwise import PairwiseDifference, games_howell
from analysis.statistics.comparisons.planned import ContrastResult, planned_contrasts
from analysis.statistics.comparisons.ranks import cliffs_delta, superiority
from analysis.statistics.comparisons.verdicts import with_verdicts
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.effect_sizes import epsilon_squared, hedges_g, omega_squared
from analysis.statistics.estimate import Estimate, Groups, HypothesisTest, NotEstimable, attempt
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class Contrast:
    """An arm against a reference arm.

    `difference` of means: Dunnett with unequal variances, adjusted over the arms. Not adjusted:
    Hedges' g, Cliff's delta, and the probability of superiority (Brunner-Munzel). `equivalence` and
    `verdict` only where the plan declares the outcome's smallest effect; `p_equivalence` is Holm's.
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
    """What the analysis found. `pairs` holds every pair of arms, `contrasts` those with control,
    `against_ai_only` those with the arm that saw the classifier's answer alone."""

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
        """The test that stands for the outcome in its family."""
        return self.welch


def one_way(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> OneWay:
    """Compare the arms in the column `outcome.key` of the scores (populations.score_table)."""
    plan, labels = data.plan, data.labels
    groups = scores_by_arm(scores, outcome, plan)
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
    """Scores by arm and the Welch ANOVA, without the comparisons of arms, which take the time."""
    groups = scores_by_arm(scores, outcome, data.plan)
    level = data.plan.level
    return ArmsAndTest(
        tuple(summarise(arm, data.labels[arm], groups[arm], level) for arm in groups),
        attempt("Welch ANOVA", lambda: welch_anova(groups)),
    )


def scores_by_arm(scores: pd.DataFrame, outcome: Outcome, plan: Plan) -> Groups:
    """The outcome's scores that are not missing, by arm in which it was asked, in plan order."""
    found = scores.dropna(subset=[outcome.key])
    return {
        arm: found.loc[found["arm"] == arm, outcome.key].to_numpy(dtype=float)
        for arm in plan.arms_of(outcome)
    }


def against(
    groups: Groups, reference: str, data: StudyData, outcome: Outcome
) -> tuple[Contrast, ...]:
    """Every other arm against the reference, with effect sizes and, if planned, equivalence."""
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
    """The verdict takes both p adjusted over the arms: Dunnett's, and Holm's for equivalence."""
    found = {
        one.arm: attempt(
            "equivalence",
            partial(equivalence, groups[one.arm], groups[reference], smallest, alpha),
        )
        for one in contrasts
    }
    p_differences = {
        one.arm: one.difference.p if isinstance(one.difference, Estimate) else None
        for one in contrasts
    }
    return with_verdicts(contrasts, found, p_differences, alpha)


def _of(
    differences: tuple[PairwiseDifference, ...] | NotEstimable, arm: str
) -> Estimate | NotEstimable:
    if isinstance(differences, NotEstimable):
        return differences
    return next(one.difference for one in differences if one.arm == arm)


def _done(test: HypothesisTest | NotEstimable) -> HypothesisTest:
    if isinstance(test, NotEstimable):
        raise NotEstimableError(test.reason)
    return test
