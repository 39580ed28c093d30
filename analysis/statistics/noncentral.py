"""Confidence limits of a noncentrality parameter, by inverting its distribution (Steiger, 2004)."""

import math
from collections.abc import Callable

from scipy import optimize, stats

from analysis.errors import NotEstimableError


def noncentral_t_limits(t: float, df: float, level: float) -> tuple[float, float]:
    """Return the δ that place t at the upper and at the lower (1 - level)/2 point."""
    if t < 0:  # scipy's distribution function is reliable only for t >= 0
        low, high = noncentral_t_limits(-t, df, level)
        return -high, -low
    tail = (1 - level) / 2
    lowest = float(stats.norm.ppf(tail))  # P(T <= t | δ) >= Φ(-δ) for t >= 0
    highest = t + 8 * math.sqrt(1 + t**2 / (2 * df))  # eight standard errors of δ

    def limit(probability: float) -> float:
        return _root(
            lambda delta: float(stats.nct.cdf(t, df, delta)) - probability, lowest - 1e-6, highest
        )

    return limit(1 - tail), limit(tail)


def noncentral_f_limits(f: float, df1: float, df2: float, level: float) -> tuple[float, float]:
    """Return the λ that place F at the upper and at the lower (1 - level)/2 point.

    A limit that does not exist is 0. Raises NotEstimableError if the search finds no upper limit.
    """
    tail = (1 - level) / 2

    def limit(probability: float) -> float:
        def excess(noncentrality: float) -> float:
            return float(stats.ncf.cdf(f, df1, df2, noncentrality)) - probability

        if float(stats.f.cdf(f, df1, df2)) <= probability:
            return 0.0
        # The upper limit has no simple bound, so the bracket doubles until it encloses the root.
        high = max(10.0, 2 * df1 * f)
        for _ in range(40):
            if excess(high) < 0:
                return _root(excess, 0.0, high)
            high *= 2
        raise NotEstimableError(
            f"the search for the upper limit of the noncentrality of F = {f:g} failed"
        )

    return limit(1 - tail), limit(tail)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    try:
        return float(optimize.brentq(function, low, high, xtol=1e-12, rtol=1e-12))
    except ValueError as error:
        raise NotEstimableError(f"the search for a noncentral limit failed: {error}") from error
