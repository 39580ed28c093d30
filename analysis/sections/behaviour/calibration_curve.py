"""How often people are right at each height of their stated confidence, by arm."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.clustered import clustered_share
from analysis.statistics.estimate import Estimate, NotEstimable, attempt

MOST_VALUES = 11  # different statements that are shown one by one; more are put into ten bins
BINS = 10


@dataclass(frozen=True)
class CalibrationPoint:
    """The trials of an arm whose stated confidence lies in one bin, the same for every arm.

    `stated`: their mean confidence, in the answers' own units; `probability`: what that means as a
    chance of being right, where the plan says so. `share` of them right; its interval on the
    logit, between participants.
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
    """By arm, from low confidence to high; `trials` as behaviour.trials gives them."""
    rows = trials.dropna(subset=["confidence", "final_right"])
    if rows["confidence"].nunique() < 2:
        return ()
    rows = rows.assign(bin=_bins(rows["confidence"].to_numpy(float)))
    return tuple(
        _point(rows[(rows["arm"] == arm) & (rows["bin"] == one)], arm, label, level)
        for arm, label in labels.items()
        for one in sorted(rows.loc[rows["arm"] == arm, "bin"].unique())
    )


def share_interval(right: pd.Series, participants: pd.Series, level: float) -> Estimate:
    """Share with its interval: logit, cluster-robust, t with participants - 1 df."""
    found = clustered_share(right, participants)
    if found.share in (0.0, 1.0) or found.variance <= 1e-24:
        raise NotEstimableError(f"{found.trials} answers of {found.participants} people are alike")
    error = float(np.sqrt(found.variance)) / (found.share * (1 - found.share))
    half = float(stats.t.ppf((1 + level) / 2, found.participants - 1)) * error
    centre = float(special.logit(found.share))
    low, high = (float(special.expit(centre + shift)) for shift in (-half, half))
    method = "cluster-robust, t of the logit"
    return Estimate("share right", found.share, low, high, level, found.participants, method)


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
