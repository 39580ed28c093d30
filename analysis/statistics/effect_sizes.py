"""Standardised effect sizes, each with its interval and source."""

import numpy as np

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, HypothesisTest, Scores
from analysis.statistics.noncentral import noncentral_f_limits, noncentral_t_limits
from analysis.statistics.requirements import is_constant


def hedges_g(a: Scores, b: Scores, level: float = 0.95) -> Estimate:
    """Return the standardised difference of means, a minus b, corrected for small samples.

    g = J (x̄a - x̄b) / s, where s is the pooled SD, J = 1 - 3 / (4 df - 1) and df = nₐ + n_b - 2
    (Hedges, 1981, with his approximation of J). The interval multiplies the noncentral t limits of
    δ √(1/nₐ + 1/n_b) by J (Cumming & Finch, 2001); it assumes normal scores of equal variance.
    Raises NotEstimableError for fewer than two scores per arm or no variation.
    """
    if min(len(a), len(b)) < 2:
        raise NotEstimableError(
            f"at least two scores per arm are needed, but the arms have {len(a)} and {len(b)}"
        )
    if is_constant(a) and is_constant(b):
        raise NotEstimableError("the scores do not vary within either arm")
    # The pooled variance, not Welch's: the noncentral t limits hold only for equal variances.
    df = len(a) + len(b) - 2
    pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / df
    root = float(np.sqrt(1 / len(a) + 1 / len(b)))
    d = float((a.mean() - b.mean()) / np.sqrt(pooled))
    low, high = noncentral_t_limits(d / root, df, level)
    j = 1 - 3 / (4 * df - 1)
    n = len(a) + len(b)
    return Estimate("Hedges' g", j * d, j * low * root, j * high * root, level, n, "noncentral t")


def omega_squared(welch: HypothesisTest, level: float = 0.90) -> Estimate:
    """Return the share of variance explained by the arm, from a Welch ANOVA.

    ω² = df₁ (F - 1) / (df₁ (F - 1) + N) with Welch's F (Kroes & Finley, 2023), not below 0. The
    interval converts the noncentral F limits λ of (F, df₁, df₂) to λ / (λ + N) (Steiger, 2004). At
    level 1 - 2α its lower limit is above 0 exactly when p < α. It is approximate for Welch's F.
    """
    df1, df2 = welch.df
    return _share(
        "omega squared",
        max(0.0, df1 * (welch.statistic - 1) / (df1 * (welch.statistic - 1) + welch.n)),
        noncentral_f_limits(welch.statistic, df1, df2, level),
        welch.n,
        level,
        "noncentral F",
    )


def epsilon_squared(kruskal: HypothesisTest, level: float = 0.90) -> Estimate:
    """Return the share of the ranks' variance explained by the arm, from a Kruskal-Wallis test.

    ε² = H / (n - 1) (King, Rosopa & Minium, 2011; Tomczak & Tomczak, 2014). The interval converts
    the F of the ranks, (ε²/df₁) / ((1 - ε²)/df₂) (Conover & Iman, 1981), to noncentral F limits λ /
    (λ + n). ε² overstates small effects; if the upper limit is below ε², ε² replaces it.
    """
    n, df1 = kruskal.n, kruskal.df[0]
    value = kruskal.statistic / (n - 1)
    df2 = n - 1 - df1
    if value >= 1 - 1e-9:
        raise NotEstimableError("the arms' ranks neither overlap nor vary within an arm")
    f_of_ranks = (value / df1) / ((1 - value) / df2)
    limits = noncentral_f_limits(f_of_ranks, df1, df2, level)
    return _share("epsilon squared", value, limits, n, level, "noncentral F of the ranks")


def _share(
    name: str, value: float, limits: tuple[float, float], n: int, level: float, method: str
) -> Estimate:
    """Return a share of variance with limits λ / (λ + n), widened to contain the value."""
    low, high = (limit / (limit + n) for limit in limits)
    return Estimate(name, value, min(low, value), max(high, value), level, n, method)
