"""The analysis "one_way": one score per participant, arms between participants."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.comparisons.omnibus import kruskal_wallis, welch_anova
from analysis.comparisons.pairwise import PairwiseDifference, games_howell
from analysis.descriptives import ArmSummary, summarise
from analysis.effect_sizes import epsilon_squared, hedges_g, omega_squared
from analysis.errors import NotEstimableError
from analysis.estimate import Estimate, Groups, HypothesisTest, NotEstimable, attempt
from analysis.plan import Outcome, Plan


@dataclass(frozen=True)
class Contrast:
    """An arm against the control: the difference of means (adjusted) and its standardised size."""

    arm: str
    label: str
    difference: Estimate | NotEstimable
    g: Estimate | NotEstimable


@dataclass(frozen=True)
class OneWay:
    """What the analysis found. `pairs` holds every pair of arms, `contrasts` those with control."""

    arms: tuple[ArmSummary, ...]
    welch: HypothesisTest | NotEstimable
    omega_squared: Estimate | NotEstimable
    kruskal_wallis: HypothesisTest | NotEstimable
    epsilon_squared: Estimate | NotEstimable
    contrasts: tuple[Contrast, ...]
    pairs: tuple[PairwiseDifference, ...] | NotEstimable

    @property
    def p(self) -> float | None:
        """The p that enters the outcome's family; None where the test could not be done."""
        return self.welch.p if isinstance(self.welch, HypothesisTest) else None


def one_way(table: pd.DataFrame, outcome: Outcome, plan: Plan, labels: Mapping[str, str]) -> OneWay:
    """Compare the plan's arms in the column `outcome.key` of the table (with a column `arm`)."""
    groups = scores_by_arm(table, outcome.key, plan)
    share_level = 1 - 2 * plan.alpha  # see effect_sizes.omega_squared
    welch = attempt("Welch ANOVA", lambda: welch_anova(groups))
    kruskal = attempt("Kruskal-Wallis", lambda: kruskal_wallis(groups))
    pairs = attempt("Games-Howell", lambda: games_howell(groups, plan.level))
    return OneWay(
        tuple(summarise(arm, labels[arm], groups[arm], plan.level) for arm in plan.arms),
        welch,
        attempt("omega squared", lambda: omega_squared(_done(welch), share_level)),
        kruskal,
        attempt("epsilon squared", lambda: epsilon_squared(_done(kruskal), share_level)),
        tuple(
            Contrast(
                arm,
                labels[arm],
                _against_control(pairs, arm, plan.control),
                _size(groups, arm, plan),
            )
            for arm in plan.arms
            if arm != plan.control
        ),
        pairs,
    )


def scores_by_arm(table: pd.DataFrame, column: str, plan: Plan) -> Groups:
    """The column's scores that are not missing, by arm, in the plan's order."""
    scores = table.dropna(subset=[column])
    return {
        arm: scores.loc[scores["arm"] == arm, column].to_numpy(dtype=float) for arm in plan.arms
    }


def _size(groups: Groups, arm: str, plan: Plan) -> Estimate | NotEstimable:
    return attempt("Hedges' g", lambda: hedges_g(groups[arm], groups[plan.control], plan.level))


def _done(test: HypothesisTest | NotEstimable) -> HypothesisTest:
    if isinstance(test, NotEstimable):
        raise NotEstimableError(test.reason)
    return test


def _against_control(
    pairs: tuple[PairwiseDifference, ...] | NotEstimable, arm: str, control: str
) -> Estimate | NotEstimable:
    """The pair's difference, turned so that it reads arm minus control."""
    if isinstance(pairs, NotEstimable):
        return pairs
    pair = next(pair for pair in pairs if {pair.arm, pair.reference} == {arm, control})
    if isinstance(pair.difference, NotEstimable) or pair.arm == arm:
        return pair.difference
    return negated(pair.difference)


def negated(difference: Estimate) -> Estimate:
    """The same difference seen from the other side."""
    statistic = None if difference.statistic is None else -difference.statistic
    return Estimate(
        difference.name,
        -difference.value,
        -difference.high,
        -difference.low,
        difference.level,
        difference.n,
        difference.method,
        statistic,
        difference.df,
        difference.p,
    )
