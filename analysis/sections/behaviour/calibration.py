"""Calibration of participants' confidence over an arm's trials, clustered by participant."""

from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate

BINS = 10  # largest number of bins, of equal mass
Matrix = npt.NDArray[np.float64]


def auroc(trials: pd.DataFrame, level: float = 0.95) -> Estimate:
    """Return P(more confident when right than when wrong) + ties / 2, over the arm's trials.

    The variance is between participants (Obuchowski, 1997, who extends DeLong's to clusters).
    Raises NotEstimableError if all answers are right or wrong, or confidence does not vary.
    """
    rows = trials.dropna(subset=["confidence", "final_right"])
    right = rows["final_right"].to_numpy() == 1
    sure = rows["confidence"].to_numpy(float)
    # Trials of a participant are dependent, so the variance is computed over participants.
    people, codes = np.unique(rows["participant"].to_numpy(str), return_inverse=True)
    if right.all() or not right.any():
        raise NotEstimableError(
            "all answers are right or all are wrong, so confidence cannot discriminate between them"
        )
    placed_right = _placement(sure[right], sure[~right])
    placed_wrong = 1 - _placement(sure[~right], sure[right])
    area = float(placed_right.mean())
    k, m, n = len(people), int(right.sum()), int((~right).sum())
    if k < 2:
        raise NotEstimableError(f"at least two participants are needed, but the arm has {k}")
    parts = (
        np.bincount(codes[right], placed_right - area, minlength=k) / m
        + np.bincount(codes[~right], placed_wrong - area, minlength=k) / n
    )
    error = float(np.sqrt(k / (k - 1) * (parts**2).sum()))
    if error == 0:
        raise NotEstimableError("confidence does not vary between right and wrong answers")
    return _around(
        "AUROC of confidence", area, error, k, level, "Obuchowski, t", low=0, high=1, null=0.5
    )


def debiased_calibration_error(trials: pd.DataFrame, level: float = 0.95) -> Estimate:
    """Return the root of the debiased mean squared gap between stated and observed accuracy.

    Σ n_b/n [(p̄_b - ȳ_b)² - ȳ_b (1 - ȳ_b) / (n_b - 1)] over bins b (Kumar, Liang & Ma, 2019),
    truncated at 0 before taking the root. The interval is a jackknife over participants on the
    squared scale.
    """
    squared = partial(_debiased_square)
    square = _jackknife(trials, squared, level)
    low, value, high = (
        float(np.sqrt(max(0.0, limit))) for limit in (square.low, square.value, square.high)
    )
    return Estimate(
        "calibration error, debiased", value, low, high, level, square.n, "jackknife, t"
    )


def expected_calibration_error(trials: pd.DataFrame, level: float = 0.95) -> Estimate:
    """Return Σ n_b/n |p̄_b - ȳ_b| over at most ten bins of equal mass.

    It is biased upwards for few trials.
    """
    error = _jackknife(trials, _plain, level)
    return Estimate(
        "expected calibration error",
        error.value,
        max(0.0, error.low),
        min(1.0, error.high),
        level,
        error.n,
        "jackknife, t",
    )


def _plain(n: Matrix, stated: Matrix, right: Matrix) -> float:
    filled = n > 0
    gap = np.abs(stated[filled] - right[filled])
    return float(gap.sum() / n.sum())


def _debiased_square(n: Matrix, stated: Matrix, right: Matrix) -> float:
    filled = n > 1
    if not filled.any():
        raise NotEstimableError("no bin of stated confidence contains two trials")
    n, stated, right = n[filled], stated[filled] / n[filled], right[filled] / n[filled]
    return float((n * ((stated - right) ** 2 - right * (1 - right) / (n - 1))).sum() / n.sum())


def _jackknife(trials: pd.DataFrame, statistic: object, level: float) -> Estimate:
    """Compute the statistic from the bins' sums, with a jackknife error over participants."""
    rows = trials.dropna(subset=["probability", "final_right"])
    people, codes = np.unique(rows["participant"].to_numpy(str), return_inverse=True)
    k = len(people)
    if k < 3:
        raise NotEstimableError(
            f"at least three participants must state their confidence, but only {k} did"
        )
    bins = _bins(rows["probability"].to_numpy(float))
    sums = [
        np.bincount(codes * BINS + bins, weights, minlength=k * BINS).reshape(k, BINS)
        for weights in (
            np.ones(len(rows)),
            rows["probability"].to_numpy(float),
            rows["final_right"].to_numpy(float),
        )
    ]
    # Sums per participant and bin, so that leaving a participant out is a subtraction.
    totals = [by_participant.sum(axis=0) for by_participant in sums]
    value = statistic(*totals)  # type: ignore[operator]
    left_out = np.array(
        [
            statistic(
                *(t - by_participant[i] for t, by_participant in zip(totals, sums, strict=True))
            )  # type: ignore[operator]
            for i in range(k)
        ]
    )
    error = float(np.sqrt((k - 1) / k * ((left_out - left_out.mean()) ** 2).sum()))
    return _around("calibration", value, error, k, level, "jackknife, t")


def _bins(stated: Matrix) -> npt.NDArray[np.intp]:
    """Return bins of equal mass, in which trials with the same stated confidence share a bin."""
    edges = np.unique(np.quantile(stated, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.searchsorted(edges, stated, side="left")


def _placement(scores: Matrix, others: Matrix) -> Matrix:
    """Return, per score, the share of the others below it, counting ties as one half."""
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
    # Participants are the sampling units, so t has their number minus 1 degrees of freedom.
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
