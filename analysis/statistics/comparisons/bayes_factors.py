"""JZS Bayes factors for a difference of means."""

from dataclasses import dataclass

import numpy as np
from scipy import integrate, optimize, stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Scores
from analysis.statistics.requirements import is_constant

MEDIUM = 0.5**0.5  # Rouder's and R's default scale
OTHER_SCALES = (1.0, 2**0.5)  # "wide" and "ultrawide" of R's BayesFactor


@dataclass(frozen=True)
class BayesFactor:
    """BF₁₀ as its decimal logarithm: above 0 the data favour a difference, below 0 the null.

    `scale` is the scale of the Cauchy prior on the standardised difference; `at_other_scales`
    contains log10 BF₁₀ at scales 1 and √2. `t` and `df` are Student's, from which it is computed.
    """

    log10: float
    scale: float
    at_other_scales: tuple[float, ...]
    t: float
    df: float
    n: int


def two_samples(a: Scores, b: Scores, scale: float = MEDIUM) -> BayesFactor:
    """Return the Bayes factor of two independent samples, from Student's t.

    The model assumes equal variances, hence the pooled variance and not Welch's t. Raises
    NotEstimableError for fewer than two scores per sample or no variation.
    """
    if min(len(a), len(b)) < 2:
        raise NotEstimableError(
            f"at least two scores per sample are needed, but the samples have {len(a)} and {len(b)}"
        )
    if is_constant(a) and is_constant(b):
        raise NotEstimableError("the scores do not vary within either sample")
    t = float(stats.ttest_ind(a, b).statistic)
    n = len(a) + len(b)
    return _of(t, len(a) * len(b) / n, n - 2, n, scale)


def one_sample(differences: Scores, scale: float = MEDIUM) -> BayesFactor:
    """Return the Bayes factor of one sample against zero, such as the differences of pairs.

    Raises NotEstimableError for fewer than two pairs or differences that are all equal.
    """
    if len(differences) < 2:
        raise NotEstimableError(
            f"at least two pairs are needed, but the data have {len(differences)}"
        )
    if is_constant(np.asarray(differences)):
        raise NotEstimableError(
            f"all {len(differences)} paired differences equal {differences[0]:g}, so they have no "
            "variance"
        )
    t = float(stats.ttest_1samp(differences, 0).statistic)
    return _of(t, len(differences), len(differences) - 1, len(differences), scale)


def _of(t: float, size: float, df: float, n: int, scale: float) -> BayesFactor:
    others = tuple(log10_jzs(t, size, df, other) for other in OTHER_SCALES)
    return BayesFactor(log10_jzs(t, size, df, scale), scale, others, t, float(df), n)


def log10_jzs(t: float, size: float, df: float, scale: float) -> float:
    """Return log₁₀ BF₁₀ (Rouder, Speckman, Sun, Morey & Iverson, 2009, eq. 1 and 2, with scale r).

    `size` is n for a single sample and n₁n₂/(n₁+n₂) for two. The integral over g is computed over u
    = log g, divided by its largest value to prevent overflow for large t.
    """

    def log_integrand(u: float) -> float:
        spread = 1 + size * scale**2 * np.exp(u)
        given_g = -0.5 * np.log(spread) - (df + 1) / 2 * np.log1p(t * t / (spread * df))
        return float(given_g - 0.5 * np.log(2 * np.pi) - 0.5 * u - 0.5 * np.exp(-u))

    top = optimize.minimize_scalar(lambda u: -log_integrand(u), bounds=(-8, 40), method="bounded")
    peak, highest = float(top.x), -float(top.fun)

    def scaled(u: float) -> float:
        return float(np.exp(log_integrand(u) - highest))

    # For g → 0 the integrand falls as exp(-1/2g), for g → ∞ as 1/g or faster.
    below = integrate.quad(scaled, peak - 12, peak, limit=200)[0]
    above = integrate.quad(scaled, peak, peak + 80, limit=200)[0]
    log_null = -(df + 1) / 2 * np.log1p(t * t / df)
    return float((np.log(below + above) + highest - log_null) / np.log(10))
