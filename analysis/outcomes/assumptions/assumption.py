"""An assumption of an analysis with the evidence in the data, and the check of normality."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.statistics.estimate import HypothesisTest, NotEstimable
from analysis.statistics.requirements import is_constant

Verdict = Literal[
    "met", "doubtful", "cannot be told", "not needed", "not met", "not met as planned"
]
MOST_SKEWNESS, MOST_KURTOSIS, LEAST_CORRELATION = 1.0, 2.0, 0.97
FEWEST = 8  # fewer values have no shape that can be described


@dataclass(frozen=True)
class Assumption:
    """An assumption and the evidence about it in the data.

    `key` selects the wording (report/assumptions.py), `of` names the part concerned, `values` are
    the numbers behind the verdict, and `detail` optionally gives a reason. No verdict changes an
    analysis: the response to a violation was planned before the data.
    """

    key: str
    verdict: Verdict
    values: Mapping[str, float]
    of: str = ""
    test: HypothesisTest | NotEstimable | None = None
    detail: str = ""


def normality(key: str, values: npt.NDArray[np.float64], of: str = "") -> Assumption:
    """Describe normality by skewness, excess kurtosis and the Q-Q correlation (Filliben, 1975).

    By convention met if |skewness| <= 1, |excess kurtosis| <= 2 and correlation >= .97. Normality
    is described and not tested, because a test depends on the sample's size: it passes small
    samples and rejects large ones.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < FEWEST or is_constant(values):
        reason = f"{len(values)} values" if len(values) < FEWEST else "values that do not vary"
        return Assumption(
            key,
            "cannot be told",
            {"n": len(values)},
            of,
            detail=f"{reason} do not describe a shape",
        )
    skewness = float(stats.skew(values, bias=False))
    kurtosis = float(stats.kurtosis(values, bias=False))
    correlation = float(stats.probplot(values)[1][2])
    met = (
        abs(skewness) <= MOST_SKEWNESS
        and abs(kurtosis) <= MOST_KURTOSIS
        and correlation >= LEAST_CORRELATION
    )
    # All three must be inconspicuous, because each misses departures that another detects.
    shape = {"n": len(values), "skewness": skewness, "kurtosis": kurtosis}
    return Assumption(
        key, "met" if met else "doubtful", {**shape, "qq_correlation": correlation}, of
    )
