"""Check for separation: fixed effects that predict outcomes without error.

A separated likelihood has no maximum. A linear programme (Konis 2007, doctoral thesis, Oxford)
searches for a direction in which the likelihood never falls and, for some row, rises without bound:
maximise Σ Ad subject to Ad ≥ 0, -1 ≤ d ≤ 1.
"""

from collections.abc import Sequence

import numpy as np
from scipy import optimize

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.errors import SeparationError
from analysis.statistics.mixed_models.families import Binomial, CumulativeLogit, Family

FLAT = 1e-7  # tolerance relative to the columns' sizes


def require_overlap(matrix: Array, names: Sequence[str], family: Family, outcome: str) -> None:
    """Check that no combination of the columns (rows, p) separates the outcomes.

    Raises SeparationError, which names the columns.
    """
    scale = np.abs(matrix).max(axis=0)
    scaled = matrix / np.where(scale > 0, scale, 1)
    rows = _directions(scaled, family)
    if not rows.shape[1]:
        return
    # Repeated rows do not change the feasible directions, and there may be thousands of them.
    rows = np.unique(rows, axis=0)
    programme = optimize.linprog(
        -rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1), method="highs"
    )
    if programme.status != 0 or -programme.fun <= FLAT * len(rows):
        return
    columns = programme.x[rows.shape[1] - len(names) :]
    involved = [name for name, share in zip(names, columns, strict=True) if abs(share) > FLAT]
    raise SeparationError(
        f"in some rows {outcome} is predicted without error by {', '.join(involved)} "
        "(separation), so an odds ratio is infinite; merge levels, remove the term, or collect "
        "more rows"
    )


def _directions(matrix: Array, family: Family) -> Array:
    """Return A such that Ad ≥ 0 means that no row's likelihood falls in direction d."""
    if isinstance(family, Binomial):
        some, not_all = family.successes > 0, family.successes < family.trials
        return np.concatenate([matrix[some], -matrix[not_all]])
    if isinstance(family, CumulativeLogit):
        return _ordered_directions(matrix, family)
    raise TypeError(f"separation is not defined for {type(family).__name__}")


def _ordered_directions(matrix: Array, family: CumulativeLogit) -> Array:
    """Return A for d = (thresholds, columns) of an ordinal model.

    No upper threshold may fall relative to η, and no lower threshold may rise.
    """
    codes, k = family.codes, family.categories
    thresholds = np.eye(k - 1)
    upper, lower = codes < k - 1, codes > 0
    above = np.column_stack([thresholds[codes[upper]], -matrix[upper]])
    below = np.column_stack([-thresholds[codes[lower] - 1], matrix[lower]])
    return np.concatenate([above, below])
