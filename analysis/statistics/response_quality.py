"""Response quality of a scale: floor, ceiling and straight-lining."""

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.statistics.attrition import share
from analysis.statistics.estimate import Estimate


def floor_share(scores: pd.Series, lowest: float, level: float) -> Estimate:
    """Return the share of participants with the lowest possible score, with Wilson's interval."""
    given = scores.dropna()
    return share(int((given <= lowest + 1e-9).sum()), _some(given), level)


def ceiling_share(scores: pd.Series, highest: float, level: float) -> Estimate:
    """Return the share of participants with the highest possible score, with Wilson's interval."""
    given = scores.dropna()
    return share(int((given >= highest - 1e-9).sum()), _some(given), level)


def straight_line_share(raw: pd.DataFrame, level: float) -> Estimate:
    """Return the share of participants who gave the same raw answer to every item.

    Answers are taken before reversal. Raises NotEstimableError for fewer than three items, where a
    straight line is not informative.
    """
    complete = raw.dropna()
    if raw.shape[1] < 3:
        raise NotEstimableError(
            f"straight-lining needs three items, but the scale has {raw.shape[1]}"
        )
    cells = complete.to_numpy()
    return share(int((cells == cells[:, :1]).all(axis=1).sum()), _some(complete), level)


def _some(rows: pd.Series | pd.DataFrame) -> int:
    if not len(rows):
        raise NotEstimableError("no participant answered")
    return len(rows)
