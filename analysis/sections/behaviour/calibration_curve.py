"""Calibration curve: the share of right answers at each level of stated confidence, by arm."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.clustered import clustered_share
from analysis.statistics.estimate import Estimate, NotEstimable, attempt

MOST_VALUES = 11  # up to this number of different statements, each has a point; more are binned
BINS = 10


@dataclass(frozen=True)
class CalibrationPoint:
    """The trials of an arm whose stated confidence is in a bin.

    The bins are common to all arms. `stated` is their mean confidence in the units of the answers,
    `probability` the corresponding probability of being right if the plan declares a scale for it.
    `share` is the share of right answers; its interval is on the logit scale, between participants.
    """

    arm: str
    label: str
    stated: float
    probability: float | None
    share: float
    interval: Estimate | NotEstimable
    trials: int
    participants: int


def calibration_points(
    trials: pd.DataFrame, labels: dict[str, str], level: float
) -> tuple[CalibrationPoint, ...]:
    """Return the points by arm, from low to high confidence.

    `trials` is the table returned by behaviour.trials.
    """
    rows = trials.dropna(subset=["confidence", "final_right"])
    if rows["confidence"].nunique() < 2:
        return ()
    rows = rows.assign(bin=_bins(rows["confidence"].to_numpy(float)))
    return tuple(
        _point(rows[(rows["arm"] == arm) & (rows["bin"] == number)], arm, label, level)
        for arm, label in labels.items()
        for number in sorted(rows.loc[rows["arm"] == arm, "bin"].unique())
    )


def share_interval(right: pd.Series, participants: pd.Series, level: float) -> Estimate:
    """Return a share with its interval: logit, cluster-robust, t with participants - 1 df."""
    share = clustered_share(right, participants)
    if share.share in (0.0, 1.0) or share.variance <= 1e-24:
        raise NotEstimableError(
            f"all {share.participants} participants have the same share of right answers, so "
            "it has no interval"
        )
    error = float(np.sqrt(share.variance)) / (share.share * (1 - share.share))
    half = float(stats.t.ppf((1 + level) / 2, share.participants - 1)) * error
    centre = float(special.logit(share.share))
    low, high = (float(special.expit(centre + shift)) for shift in (-half, half))
    method = "cluster-robust, t of the logit"
    return Estimate("share right", share.share, low, high, level, share.participants, method)


def _bins(stated: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    values = np.unique(stated)
    if len(values) <= MOST_VALUES:
        return np.searchsorted(values, stated)
    edges = np.unique(np.quantile(stated, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.searchsorted(edges, stated, side="left")


def _point(rows: pd.DataFrame, arm: str, label: str, level: float) -> CalibrationPoint:
    known = rows["probability"].notna().all()
    return CalibrationPoint(
        arm,
        label,
        float(rows["confidence"].mean()),
        float(rows["probability"].mean()) if known else None,
        float(rows["final_right"].mean()),
        attempt(
            "share right", lambda: share_interval(rows["final_right"], rows["participant"], level)
        ),
        len(rows),
        int(rows["participant"].nunique()),
    )
