"""The studentised range: the range of k means over an independent standard error."""

import numpy as np
import numpy.typing as npt
from scipy import optimize, special
from statsmodels.stats.libqsturng import qsturng

Numbers = npt.NDArray[np.float64]
NEGLIGIBLE = 38.0  # exp(-38) of a density is beyond the digits of a number
OUTSIDE = 8.5  # standard deviations beyond which a normal density is negligible
LARGEST = 60.0  # a range of standard normals that never occurs


def range_sf(q: float, k: int, df: float) -> float:
    """Return the probability that the studentised range of k means exceeds q.

    The integrals over the standard error s (in log s) and over the largest mean are analytic and
    vanish at both ends. The trapezoidal rule is then exact to the digits of a number (Trefethen and
    Weideman, 2014, SIAM Review 56), and far faster than adaptive integration.
    """
    if not q > 0:
        return 1.0
    # The largest values of the integrand lie to the left of s = 1 if q is large.
    left = 0.5 * np.log1p(q**2 / (2 * df)) + np.sqrt(NEGLIGIBLE / df) + NEGLIGIBLE / df
    right = np.sqrt(NEGLIGIBLE / df)
    step = min(0.1, 0.5 / np.sqrt(2 * df))
    log_s = np.arange(-left, right + step, step)
    density = np.exp(df * (log_s - np.expm1(2 * log_s) / 2))
    exceeded = _exceeds(np.minimum(q * np.exp(log_s), LARGEST), k)
    return float(min(1.0, density @ exceeded / density.sum()))


def _exceeds(widths: Numbers, k: int) -> Numbers:
    """Return the probabilities that the range of k standard normals exceeds each width."""
    step = 0.5 / np.sqrt(k)
    largest = np.arange(-OUTSIDE, OUTSIDE + widths.max() / 2 + step, step)
    below = special.ndtr(largest)
    density = np.exp(-(largest**2) / 2) * below ** (k - 1)
    # Of the other means, all are below the largest one, and some are further below than the width.
    share = np.minimum(special.ndtr(largest - widths[:, np.newaxis]) / below, 1.0)
    with np.errstate(divide="ignore"):  # a width of nearly 0 is always exceeded
        some = -np.expm1((k - 1) * np.log1p(-share))
    exceeds: Numbers = some @ density * (step * k / np.sqrt(2 * np.pi))
    return exceeds


def critical_range(level: float, k: int, df: float) -> float:
    """Return the quantile of the studentised range that it stays below with probability `level`.

    The search starts at statsmodels' interpolated table, which gives five digits.
    """
    start = float(qsturng(min(level, 0.999), k, df))  # 0.999 is the end of the table
    root = optimize.root_scalar(
        lambda q: 1 - range_sf(q, k, df) - level,
        x0=start,
        x1=start * (1 + 1e-4),
        method="secant",
        xtol=1e-7,
    )
    if root.converged:
        return float(root.root)
    return float(optimize.brentq(lambda q: 1 - range_sf(q, k, df) - level, 1e-9, 1e6))
