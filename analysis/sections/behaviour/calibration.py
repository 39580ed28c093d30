"""Do people know when they are right? Measures over an arm's trials, clustered by participant."""

from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate

BINS = 10  # at most, of equal mass
Matrix = npt.NDArray[np.float64]


def auroc(trials: pd.DataFrame, level: float = 0.95) -> Estimate:
    """P(surer when right than when wrong) + ties / 2, over the arm's trials.

    Variance between participants after Obuchowski (1997), who extends DeLong's to clusters.
    """
    rows = trials.dropna(subset=["confidence", "final_right"])
    right = rows["final_right"].to_numpy() == 1
    sure = rows["confidence"].to_numpy(float)
    people, codes = np.unique(rows["participant"].to_numpy(str), return_inverse=True)
    if right.all() or not right.any():
        raise NotEstimableError("all answers are right, or all are wrong: nothing to tell apart")
    placed_right = _placement(sure[right], sure[~right])
    placed_wrong = 1 - _placement(sure[~right], sure[right])
    area = float(placed_right.mean())
    k, m, n = len(people), int(right.sum()), int((~right).sum())
    if k < 2:
        raise NotEstimableError(f"two participants are needed, there are {k}")
    parts = (
        np.bincount(codes[right], placed_right - area, minlength=k) / m
        + np.bincount(codes[~right], placed_wrong - area, minlength=k) / n
    )
    error = float(np.sqrt(k / (k - 1) * (parts**2).sum()))
    if error == 0:
        raise NotEstimableError("sureness does not vary between right and wrong answers")
    return _around(
        "AUROC of sureness", area, error, k, level, "Obuchowski, t", low=0, high=1, null=0.5
    )


def debiased_calibration_error(trials: pd.DataFrame, level: float = 0.95) -> Estimate:
    """Root of the debiased mean squared gap of stated and observed accuracy over bins.

    Σ n_b/n [(p̄_b - ȳ_b)² - ȳ_b (1 - ȳ_b) / (n_b - 1)] (Kumar, Liang & Ma, 2019), cut at 0 before
    the root; the interval comes from leaving out each participant in turn, on the squared scale.
    """
    squared = partial(_debiased_square)
    square = _jackknife(trials, squared, level)
    low, value, high = (
        float(np.sqrt(max(0.0, one))) for one in (square.low, square.value, square.high)
    )
    return Estimate(
        "calibration error, debiased", value, low, high, level, square.n, "jackknife, t"
    )


def expected_calibration_error(trials: pd.DataFrame, level: float = 0.95) -> Estimate:
    """Σ n_b/n |p̄_b - ȳ_b| over at most ten bins of equal mass; biased upwards for few trials."""
    found = _jackknife(trials, _plain, level)
    return Estimate(
        "expected calibration error",
        found.value,
        max(0.0, found.low),
        min(1.0, found.high),
        level,
        found.n,
        "jackknife, t",
    )


def _plain(n: Matrix, stated: Matrix, right: Matrix) -> float:
    filled = n > 0
    gap = np.abs(stated[filled] - right[filled])
    return float(gap.sum() / n.sum())


def _debiased_square(n: Matrix, stated: Matrix, right: Matrix) -> float:
    filled = n > 1
    if not filled.any():
        raise NotEstimableError("no two trials share a bin of stated sureness")
    n, stated, right = n[filled], stated[filled] / n[filled], right[filled] / n[filled]
    return float((n * ((stated - right) ** 2 - right * (1 - right) / (n - 1))).sum() / n.sum())


def _jackknife(trials: pd.DataFrame, statistic: object, level: float) -> Estimate:
    """The statistic on the bins' sums; its error from leaving out each participant in turn."""
    rows = trials.dropna(subset=["probability", "final_right"])
    people, codes = np.unique(rows["participant"].to_numpy(str), return_inverse=True)
    k = len(people)
    if k < 3:
        raise NotEstimableError(f"three participants with stated sureness are needed, got {k}")
    bins = _bins(rows["probability"].to_numpy(float))
    sums = [
        np.bincount(codes * BINS + bins, weights, minlength=k * BINS).reshape(k, BINS)
        for weights in (
            np.ones(len(rows)),
            rows["probability"].to_numpy(float),
            rows["final_right"].to_numpy(float),
        )
    ]
    totals = [one.sum(axis=0) for one in sums]
    value = statistic(*totals)  # type: ignore[operator]
    left_out = np.array(
        [
            statistic(*(total - one[i] for total, one in zip(totals, sums, strict=True)))  # type: ignore[operator]
            for i in range(k)
        ]
    )
    error = float(np.sqrt((k - 1) / k * ((left_out - left_out.mean()) ** 2).sum()))
    return _around("calibration", value, error, k, level, "jackknife, t")


def _bins(stated: Matrix) -> npt.NDArray[np.intp]:
    """Bins of equal mass; equal statements share one."""
    edges = np.unique(np.quantile(stated, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.searchsorted(edges, stated, side="left")


def _placement(scores: Matrix, others: Matrix) -> Matrix:
    """Per score the share of the others below it, ties one half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, scores, side="left")
    upto = np.searchsorted(ordered, scores, side="right")
    return np.asarray((below + upto) / 2 / len(others), dtype=float)


def _around(
    name: str,
    value: float,
    error: float,
    k: int,
    level: float,
    method: str,
    low: float = -np.inf,
    high: float = np.inf,
    null: float | None = None,
) -> Estimate:
    half = float(stats.t.ppf((1 + level) / 2, k - 1)) * error
    t = None if null is None or error == 0 else (value - null) / error
    return Estimate(
        name,
        value,
        max(low, value - half),
        min(high, value + half),
        level,
        k,
        method,
        t,
        None if t is None else float(k - 1),
        None if t is None else float(2 * stats.t.sf(abs(t), k - 1)),
    )
