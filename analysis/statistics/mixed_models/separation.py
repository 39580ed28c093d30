"""Do the fixed effects predict outcomes without error, so that the likelihood has no maximum?

A direction in which the likelihood never falls, and for some row rises for ever, is found by a
linear programme (Konis 2007, doctoral thesis, Oxford): maximise Σ Ad subject to Ad ≥ 0, -1 ≤ d ≤ 1.
"""

from collections.abc import Sequence

import numpy as np
from scipy import optimize

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.errors import SeparationError
from analysis.statistics.mixed_models.families import Binomial, CumulativeLogit, Family

FLAT = 1e-7  # relative to the columns' sizes


def require_overlap(matrix: Array, names: Sequence[str], family: Family, outcome: str) -> None:
    """Raise SeparationError where a combination of the columns (rows, p) separates the outcomes."""
    scale = np.abs(matrix).max(axis=0)
    scaled = matrix / np.where(scale > 0, scale, 1)
    rows = _directions(scaled, family)
    if not rows.shape[1]:
        return
    rows = np.unique(rows, axis=0)
    found = optimize.linprog(
        -rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1), method="highs"
    )
    if found.status != 0 or -found.fun <= FLAT * len(rows):
        return
    columns = found.x[rows.shape[1] - len(names) :]
    involved = [name for name, share in zip(names, columns, strict=True) if abs(share) > FLAT]
    raise SeparationError(
        f"{involved} predict {outcome} without error in some rows (separation), so their odds "
        "ratios are infinite; merge levels, take the term out, or collect more rows"
    )


def _directions(matrix: Array, family: Family) -> Array:
    """Rows A such that Ad ≥ 0 says: the row's likelihood does not fall in direction d."""
    if isinstance(family, Binomial):
        some, not_all = family.successes > 0, family.successes < family.trials
        return np.concatenate([matrix[some], -matrix[not_all]])
    if isinstance(family, CumulativeLogit):
        return _ordered_directions(matrix, family)
    raise TypeError(f"separation is not defined for {type(family).__name__}")


def _ordered_directions(matrix: Array, family: CumulativeLogit) -> Array:
    """d = (thresholds, columns): no upper threshold may fall below η, no lower one rise above."""
    codes, k = family.codes, family.categories
    thresholds = np.eye(k - 1)
    upper, lower = codes < k - 1, codes > 0
    above = np.column_stack([thresholds[codes[upper]], -matrix[upper]])
    below = np.column_stack([-thresholds[codes[lower] - 1], matrix[lower]])
    return np.concatenate([above, below])
