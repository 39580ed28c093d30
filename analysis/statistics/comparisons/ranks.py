"""Rank-based comparisons of two arms: Mann-Whitney, probability of superiority, Cliff's delta."""

import numpy as np
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, HypothesisTest, Scores


def mann_whitney(a: Scores, b: Scores) -> HypothesisTest:
    """Test whether a tends to exceed b with Mann and Whitney's U.

    It is corrected for ties and continuity and equals R's wilcox.test(a, b, exact = FALSE). U
    counts pairs with a > b, and ties as one half.
    """
    _require_two_and_spread(a, b)
    result = stats.mannwhitneyu(a, b, method="asymptotic")
    n = len(a) + len(b)
    return HypothesisTest("Mann-Whitney", "U", float(result.statistic), (), float(result.pvalue), n)


def superiority(a: Scores, b: Scores, level: float = 0.95) -> Estimate:
    """Return P(a > b) + P(a = b) / 2 with the interval and test of Brunner and Munzel (2000).

    statistic, df and p test "equals 1/2" and equal scipy.stats.brunnermunzel's; the t interval is
    truncated at 0 and 1.
    """
    _require_two_and_spread(a, b)
    own_a, own_b = stats.rankdata(a), stats.rankdata(b)
    pooled = stats.rankdata(np.concatenate([a, b]))
    # For each score, the number of scores of the other arm below it; ties count one half.
    below_a, below_b = pooled[: len(a)] - own_a, pooled[len(a) :] - own_b
    share = float(below_a.mean() / len(b))
    part_a, part_b = below_a.var(ddof=1) / len(b), below_b.var(ddof=1) / len(a)
    error = float(np.sqrt((part_a + part_b) / (len(a) * len(b))))
    if error == 0:
        raise NotEstimableError(
            "the scores of the two arms do not overlap, so the ranks have no standard error"
        )
    df = float((part_a + part_b) ** 2 / (part_a**2 / (len(a) - 1) + part_b**2 / (len(b) - 1)))
    t = (share - 0.5) / error
    half = float(stats.t.ppf((1 + level) / 2, df)) * error
    return Estimate(
        "probability of superiority",
        share,
        max(0.0, share - half),
        min(1.0, share + half),
        level,
        len(a) + len(b),
        "Brunner-Munzel",
        float(t),
        df,
        float(2 * stats.t.sf(abs(t), df)),
    )


def cliffs_delta(a: Scores, b: Scores, level: float = 0.95) -> Estimate:
    """Return Cliff's delta, P(a > b) - P(a < b), with Feng and Cliff's (2004) asymmetric interval.

    The quantile is from t with nₐ + n_b - 2 df, as in R's effsize (known answers, row 21).
    """
    _require_two_and_spread(a, b)
    rows, columns = _dominance(a, b), -_dominance(b, a)
    delta = float(rows.mean())
    if abs(delta) == 1:
        raise NotEstimableError(
            "the scores of the two arms do not overlap, so delta has no interval"
        )
    variance = _variance_of_delta(a, b, rows, columns, delta)
    t = float(stats.t.ppf((1 + level) / 2, len(a) + len(b) - 2))
    spread = t * np.sqrt(variance * ((1 - delta**2) ** 2 + t**2 * variance))
    middle, scale = delta - delta**3, 1 - delta**2 + t**2 * variance
    low, high = float((middle - spread) / scale), float((middle + spread) / scale)
    # The interval is not centred on delta; rounding near its ends must not exclude delta.
    return Estimate(
        "Cliff's delta", delta, min(low, delta), max(high, delta), level, len(a) + len(b),
        "Feng-Cliff, t quantile",
    )  # fmt: skip


def _dominance(a: Scores, b: Scores) -> Scores:
    """Return the share of b below minus the share above, for each score of a."""
    ordered = np.sort(b)
    below = np.searchsorted(ordered, a, side="left")
    above = len(b) - np.searchsorted(ordered, a, side="right")
    return np.asarray((below - above) / len(b), dtype=float)


def _variance_of_delta(a: Scores, b: Scores, rows: Scores, columns: Scores, delta: float) -> float:
    """Return Cliff's (1996) unbiased variance of delta, not below his floor (1 - δ²) / (nm - 1).

    [m² Σ(dᵢ - δ)² + n² Σ(dⱼ - δ)² - ΣΣ(dᵢⱼ - δ)²] / (nm (n-1)(m-1)), computed from sums without the
    full matrix of dᵢⱼ.
    """
    n, m = len(a), len(b)
    ordered = np.sort(b)
    ties = np.searchsorted(ordered, a, side="right") - np.searchsorted(ordered, a, side="left")
    cells = n * m - float(ties.sum()) - n * m * delta**2
    margins = m**2 * ((rows - delta) ** 2).sum() + n**2 * ((columns - delta) ** 2).sum()
    unbiased = float((margins - cells) / (n * m * (n - 1) * (m - 1)))
    return max(unbiased, (1 - delta**2) / (n * m - 1))


def _require_two_and_spread(a: Scores, b: Scores) -> None:
    if min(len(a), len(b)) < 2:
        raise NotEstimableError(
            f"at least two scores per arm are needed, but the arms have {len(a)} and {len(b)}"
        )
    if np.ptp(np.concatenate([a, b])) == 0:
        raise NotEstimableError(
            f"all {len(a) + len(b)} scores equal {a[0]:g}, so there is nothing to compare"
        )
