"""Do residuals follow a normal distribution? Described by their Q-Q plot, not tested.

A test of normality answers by the sample's size: it passes small samples and fails large ones.
"""

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.outcomes.assumptions.assumption import Assumption
from analysis.statistics.requirements import is_constant

MOST_SKEWNESS, MOST_KURTOSIS, LEAST_CORRELATION = 1.0, 2.0, 0.97
FEWEST = 8  # values whose shape can be described at all


def normality(key: str, values: npt.NDArray[np.float64], of: str = "") -> Assumption:
    """Skewness, excess kurtosis, and the correlation of the Q-Q plot's points (Filliben, 1975).

    Met: |skewness| up to 1, |excess kurtosis| up to 2, correlation at least .97; a convention.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < FEWEST or is_constant(values):
        reason = f"{len(values)} values" if len(values) < FEWEST else "values that do not vary"
        return Assumption(
            key, "cannot be told", {"n": len(values)}, of, detail=f"{reason} have no shape"
        )
    skewness = float(stats.skew(values, bias=False))
    kurtosis = float(stats.kurtosis(values, bias=False))
    correlation = float(stats.probplot(values)[1][2])
    met = (
        abs(skewness) <= MOST_SKEWNESS
        and abs(kurtosis) <= MOST_KURTOSIS
        and correlation >= LEAST_CORRELATION
    )
    shape = {"n": len(values), "skewness": skewness, "kurtosis": kurtosis}
    return Assumption(
        key, "met" if met else "doubtful", {**shape, "qq_correlation": correlation}, of
    )
