"""Do the items of a scale go together?"""

from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, NotEstimable, attempt

Missing = Literal["listwise", "pairwise"]


def cronbach_alpha(
    items: pd.DataFrame, missing: Missing = "listwise", level: float = 0.95
) -> Estimate:
    """Cronbach's alpha of items (participants, items), already reversed.

    α = k/(k-1) (1 - trace C / sum C), C the covariance of complete rows ("listwise") or of each
    pair's rows ("pairwise", R psych's way). Interval: Feldt, Woodruff & Salih (1987), from F with
    n - 1 and (n-1)(k-1) df; with pairwise covariance n is the smallest pair's, which is cautious.
    """
    rows = items.dropna() if missing == "listwise" else items
    k = items.shape[1]
    if k < 2:
        raise NotEstimableError(f"alpha needs two items, the scale has {k}")
    n = _smallest_pair(rows)
    if n < 3:
        raise NotEstimableError(f"alpha needs three participants who answered, there are {n}")
    covariance = rows.cov().to_numpy()
    if covariance.sum() <= 1e-12:
        raise NotEstimableError("the sum of the items does not vary between participants")
    alpha = float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))
    df = (n - 1, (n - 1) * (k - 1))
    low, high = (1 - (1 - alpha) * float(stats.f.ppf(q, *df)) for q in _tails(level))
    return Estimate("Cronbach's alpha", alpha, low, high, level, n, f"Feldt, {missing}")


def item_rest_correlations(
    items: pd.DataFrame, level: float = 0.95
) -> dict[str, Estimate | NotEstimable]:
    """Pearson correlation of each item with the mean of the others, over complete rows.

    Interval: Fisher's z.
    """
    rows = items.dropna()
    return {
        str(item): attempt("item-rest correlation", partial(_item_rest, rows, item, level))
        for item in items.columns
    }


def _item_rest(rows: pd.DataFrame, item: str, level: float) -> Estimate:
    rest = rows.drop(columns=item)
    if rest.shape[1] == 0:
        raise NotEstimableError("a scale of one item has no rest")
    if len(rows) < 4:
        raise NotEstimableError(f"four complete participants are needed, there are {len(rows)}")
    if rows[item].nunique() < 2 or rest.mean(axis=1).nunique() < 2:
        raise NotEstimableError("the item, or the mean of the others, does not vary")
    result = stats.pearsonr(rows[item], rest.mean(axis=1))
    low, high = result.confidence_interval(level)
    r = float(result.statistic)
    return Estimate(
        "item-rest correlation", r, min(r, low), max(r, high), level, len(rows), "Fisher's z"
    )


def _smallest_pair(rows: pd.DataFrame) -> int:
    answered = rows.notna().to_numpy().astype(int)
    return int((answered.T @ answered).min())


def _tails(level: float) -> tuple[float, float]:
    return (1 + level) / 2, (1 - level) / 2
