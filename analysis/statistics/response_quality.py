"""How people used a scale's points: its ends, and the same answer throughout."""

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.statistics.attrition import share
from analysis.statistics.estimate import Estimate


def floor_share(scores: pd.Series, lowest: float, level: float) -> Estimate:
    """Share of participants whose score is the lowest possible one; Wilson's interval."""
    given = scores.dropna()
    return share(int((given <= lowest + 1e-9).sum()), _some(given), level)


def ceiling_share(scores: pd.Series, highest: float, level: float) -> Estimate:
    """Share of participants whose score is the highest possible one."""
    given = scores.dropna()
    return share(int((given >= highest - 1e-9).sum()), _some(given), level)


def straight_line_share(raw: pd.DataFrame, level: float) -> Estimate:
    """Share of participants who clicked the same point for every item, before any reversal."""
    complete = raw.dropna()
    if raw.shape[1] < 3:
        raise NotEstimableError(f"straight-lining needs three items, the scale has {raw.shape[1]}")
    return share(int((complete.nunique(axis=1) == 1).sum()), _some(complete), level)


def _some(rows: pd.Series | pd.DataFrame) -> int:
    if not len(rows):
        raise NotEstimableError("nobody answered")
    return len(rows)
