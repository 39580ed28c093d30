"""Omnibus tests of a difference between any of the arms."""

import numpy as np
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Groups, HypothesisTest
from analysis.statistics.requirements import (
    require_arms,
    require_scores,
    require_some_spread,
    require_spread_in_every_arm,
)


def classical_f(groups: Groups) -> HypothesisTest:
    """Test equal means with Fisher's one-way F, which assumes equal variances."""
    require_arms(groups)
    require_scores(groups)
    require_some_spread(groups)
    if all(np.ptp(scores) == 0 for scores in groups.values()):
        raise NotEstimableError("the scores do not vary within any arm")
    result = stats.f_oneway(*groups.values())
    n = _total(groups)
    df = (float(len(groups) - 1), float(n - len(groups)))
    return HypothesisTest("One-way F", "F", float(result.statistic), df, float(result.pvalue), n)


def welch_anova(groups: Groups) -> HypothesisTest:
    """Test equal means with Welch's (1951) ANOVA, which allows unequal variances.

    F and p are scipy's; the second df is (k² - 1) / (3 Σ (1 - wᵢ/W)² / (nᵢ - 1)), wᵢ = nᵢ/sᵢ².
    """
    require_arms(groups)
    require_scores(groups)
    require_some_spread(groups)
    require_spread_in_every_arm(groups)
    result = stats.f_oneway(*groups.values(), equal_var=False)
    k = len(groups)
    sizes = np.array([len(scores) for scores in groups.values()], dtype=float)
    weights = sizes / np.array([scores.var(ddof=1) for scores in groups.values()])
    imbalance = float(((1 - weights / weights.sum()) ** 2 / (sizes - 1)).sum())
    df = (float(k - 1), (k**2 - 1) / (3 * imbalance))
    p = float(result.pvalue)
    return HypothesisTest("Welch ANOVA", "F", float(result.statistic), df, p, _total(groups))


def kruskal_wallis(groups: Groups) -> HypothesisTest:
    """Test equal distributions with Kruskal and Wallis's (1952) rank test, corrected for ties.

    p comes from the chi-squared distribution.
    """
    require_arms(groups)
    require_scores(groups)
    require_some_spread(groups)
    result = stats.kruskal(*groups.values())
    df = (float(len(groups) - 1),)
    statistic, p = float(result.statistic), float(result.pvalue)
    return HypothesisTest("Kruskal-Wallis", "H", statistic, df, p, _total(groups))


def _total(groups: Groups) -> int:
    return sum(len(scores) for scores in groups.values())
