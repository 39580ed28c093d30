"""Within-subjects comparisons of several conditions."""

from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import optimize, stats

from analysis.errors import NoTestError, NotEstimableError
from analysis.statistics.comparisons.two_samples import paired_t
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, attempt
from analysis.statistics.multiplicity import holm
from analysis.statistics.noncentral import noncentral_t_limits


@dataclass(frozen=True)
class PairedDifference:
    """Mean of `condition` minus `reference` within participants.

    `p_adjusted` is Holm's.
    """

    condition: str
    reference: str
    difference: Estimate | NotEstimable
    p_adjusted: float | None


def friedman(wide: pd.DataFrame) -> HypothesisTest:
    """Test equal conditions with Friedman's (1937) test on (participants, conditions).

    The table must be complete. Raises NotEstimableError for fewer than three conditions or
    participants, or no variation.
    """
    _require(wide)
    result = stats.friedmanchisquare(*(wide[column] for column in wide))
    df = (float(wide.shape[1] - 1),)
    return HypothesisTest(
        "Friedman", "χ²", float(result.statistic), df, float(result.pvalue), len(wide)
    )


def wilcoxon(wide: pd.DataFrame) -> HypothesisTest:
    """Test two conditions with Wilcoxon's (1945) signed-rank test on (participants, conditions).

    V is the sum of the ranks of the positive differences, second minus first condition. p is exact
    for fewer than 50 differences without ties and zeros, else from the normal distribution with a
    correction for ties and continuity, as in R's wilcox.test. Raises NotEstimableError for fewer
    than two participants or no differences.
    """
    if len(wide) < 2:
        raise NotEstimableError(f"at least two pairs are needed, but the data have {len(wide)}")
    # Without the last digits, in which equal differences of means of items may differ.
    differences = np.round(np.diff(wide.to_numpy(float), axis=1)[:, 0], 10)
    there = differences[differences != 0]
    if not len(there):
        raise NotEstimableError("no participant's scores differ between the conditions")
    ranks = stats.rankdata(np.abs(there))
    exact = len(there) == len(differences) and len(np.unique(ranks)) == len(ranks) < 50
    result = stats.wilcoxon(there, correction=not exact, method="exact" if exact else "asymptotic")
    v = float(ranks[there > 0].sum())
    return HypothesisTest("Wilcoxon signed-rank", "V", v, (), float(result.pvalue), len(wide))


def cohens_dz(difference: Estimate, level: float = 0.95) -> Estimate:
    """Return dz = t / √n, the mean difference in SDs of the differences.

    The interval divides the noncentral t limits by √n (Cumming & Finch, 2001).
    """
    if difference.statistic is None:
        raise NotEstimableError("the difference has no t")
    root = float(np.sqrt(difference.n))
    low, high = noncentral_t_limits(difference.statistic, difference.n - 1, level)
    value = difference.statistic / root
    return Estimate("dz", value, low / root, high / root, level, difference.n, "noncentral t")


def kendalls_w(test: HypothesisTest, level: float = 0.90) -> Estimate:
    """Return W = χ² / (n (k - 1)), the agreement of the participants' rank orders, 0 to 1.

    The interval converts the noncentral chi-squared limits λ of χ² to (λ + df) / (n df), truncated
    at the range of W; it is approximate, at level 1 - 2 alpha like the other shares of variance.
    """
    df, n = test.df[0], test.n
    value = min(1.0, test.statistic / (n * df))
    tail = (1 - level) / 2
    low, high = (_noncentrality(test.statistic, df, q) for q in (1 - tail, tail))
    low, high = ((limit + (df if limit > 0 else 0)) / (n * df) for limit in (low, high))
    return Estimate(
        "Kendall's W", value, min(low, value), min(1.0, max(high, value)), level, n,
        "noncentral chi squared",
    )  # fmt: skip


def paired_differences(wide: pd.DataFrame, level: float = 0.95) -> tuple[PairedDifference, ...]:
    """Compare every pair of conditions with the paired t test, Holm-adjusted over the pairs."""
    pairs = list(combinations(wide.columns, 2))
    differences = {
        f"{a} {b}": attempt(
            "mean of differences",
            partial(paired_t, wide[b].to_numpy(float), wide[a].to_numpy(float), level),
        )
        for a, b in pairs
    }
    # A pair without an estimate still counts in Holm's procedure, because the plan names it.
    adjusted = holm(
        {
            key: difference.p if isinstance(difference, Estimate) else None
            for key, difference in differences.items()
        }
    )
    return tuple(
        PairedDifference(str(b), str(a), differences[f"{a} {b}"], adjusted[f"{a} {b}"])
        for a, b in pairs
    )


def _require(wide: pd.DataFrame) -> None:
    if wide.shape[1] < 3:
        # Two conditions can be compared by another method, one or none cannot.
        error = NoTestError if wide.shape[1] == 2 else NotEstimableError
        raise error(f"Friedman's test needs three conditions, but the data have {wide.shape[1]}")
    if len(wide) < 3:
        raise NotEstimableError(
            f"three participants with scores in every condition are needed, but the data "
            f"have {len(wide)}"
        )
    if (np.ptp(wide.to_numpy(float), axis=1) == 0).all():
        raise NotEstimableError("no participant's scores differ between the conditions")


def _noncentrality(statistic: float, df: float, probability: float) -> float:
    """Return the λ that makes the statistic the quantile at `probability`, 0 where none exists."""
    if float(stats.chi2.cdf(statistic, df)) <= probability:
        return 0.0
    high = 10.0 + 4 * statistic
    return float(
        optimize.brentq(lambda x: stats.ncx2.cdf(statistic, df, x) - probability, 1e-9, high)
    )
