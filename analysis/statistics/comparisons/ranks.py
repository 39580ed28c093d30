"""Rank-based comparisons of two arms: Mann-Whitney, probability of superiority, Cliff's delta."""

from dataclasses import replace

import numpy as np
from scipy import optimize, stats

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.permutation import permute_arms
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
    truncated at 0 and 1. Arms that do not overlap have no standard error: their interval is
    Newcombe's, their p is that of a permutation of the ranks.
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
        return _apart("probability of superiority", share, a, b, level)
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

    The quantile is from t with nₐ + n_b - 2 df, as in R's effsize (known answers, row 21). Arms
    that do not overlap have the interval of their probability of superiority, 2 P - 1.
    """
    _require_two_and_spread(a, b)
    rows, columns = _dominance(a, b), -_dominance(b, a)
    delta = float(rows.mean())
    if abs(delta) == 1:
        share = _apart("Cliff's delta", (delta + 1) / 2, a, b, level)
        return replace(share, value=delta, low=2 * share.low - 1, high=2 * share.high - 1)
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


def newcombe_limit(m: int, n: int, level: float = 0.95) -> float:
    """Return the lower limit of P(a > b) where every one of m scores exceeds every one of n.

    Newcombe (2006, doi 10.1002/sim.2324), method 5: the θ whose variance in exponential
    distributions, θ (1 - θ) [1 + N ((1 - θ)/(2 - θ) + θ/(1 + θ))] / (mn) with N = (m + n)/2 - 1,
    places the observed 1 at the normal quantile.
    """
    z = float(stats.norm.ppf((1 + level) / 2))
    pooled = (m + n) / 2 - 1

    def excess(theta: float) -> float:
        spread = 1 + pooled * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return (1 - theta) * m * n - z**2 * theta * spread

    return float(optimize.brentq(excess, 0.0, 1.0, xtol=1e-12))


def _apart(name: str, share: float, a: Scores, b: Scores, level: float) -> Estimate:
    """Return P(a > b) of 0 or 1 with Newcombe's interval and the p of a permutation."""
    limit = newcombe_limit(len(a), len(b), level)
    low, high = (limit, 1.0) if share == 1 else (0.0, 1 - limit)
    ranks = stats.rankdata(np.concatenate([a, b]))
    test = permute_arms({"a": ranks[: len(a)], "b": ranks[len(a) :]})
    method = f"Newcombe; p by {test.name}"
    return Estimate(name, share, low, high, level, len(a) + len(b), method, p=test.p)


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
