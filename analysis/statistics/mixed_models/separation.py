"""Check for separation: fixed effects that predict outcomes without error.

A separated likelihood has no maximum. It is separated if there is a direction d in which no row's
likelihood falls and some row's rises without bound: Ad ≥ 0 and Ad ≠ 0, with a row of A per
inequality (Konis 2007, doctoral thesis, Oxford). By Stiemke's theorem this is impossible if and
only if A'w = 0 for some w > 0. At a maximum the scores of the rows are such a w, so a fit proves
overlap; only a table without this proof needs the linear programme.
"""

from collections.abc import Sequence

import numpy as np
from scipy import optimize

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.errors import SeparationError
from analysis.statistics.mixed_models.families import Binomial, CumulativeLogit, Family

FEASIBLE = 1e-10  # the solver's smallest tolerance of Ad ≥ 0
RISES = 1e-5  # gain of a row, for directions up to 1 in orthonormal columns, that counts as a rise
INVOLVED = 1e-6  # share of the largest coefficient below which a column is not named


def require_overlap(matrix: Array, names: Sequence[str], family: Family, outcome: str) -> None:
    """Check that no combination of the columns (rows, p) separates the outcomes.

    Raises SeparationError, which names the columns.
    """
    direction = separating_direction(matrix, family)
    if direction is None:
        return
    effects = np.abs(direction) * np.abs(matrix).max(axis=0)
    involved = [
        name
        for name, effect in zip(names, effects, strict=True)
        if effect > INVOLVED * effects.max() and name != "intercept"
    ]
    raise SeparationError(
        f"in some rows {outcome} is predicted without error by {', '.join(involved)} "
        "(separation), so an odds ratio is infinite; merge levels, remove the term, or collect "
        "more rows"
    )


def separating_direction(matrix: Array, family: Family) -> Array | None:
    """Return coefficients (p,) along which the likelihood rises without end, or None.

    The programme maximises Σ Ad subject to Ad ≥ 0, -1 ≤ d ≤ 1.
    """
    if not matrix.shape[1]:
        return None
    # Repeated rows do not change the feasible directions, and there may be thousands of them.
    rows = np.unique(_directions(matrix, family), axis=0)
    change = _orthonormal(matrix, rows.shape[1] - matrix.shape[1])
    gains = rows @ change
    programme = optimize.linprog(
        -gains.sum(axis=0),
        A_ub=-gains,
        b_ub=np.zeros(len(gains)),
        bounds=(-1, 1),
        method="highs",
        options={"primal_feasibility_tolerance": FEASIBLE, "dual_feasibility_tolerance": FEASIBLE},
    )
    if programme.status != 0 or (gains @ programme.x).max() <= RISES:
        return None
    direction: Array = (change @ programme.x)[rows.shape[1] - matrix.shape[1] :]
    return direction


def proves_overlap(matrix: Array, family: Family, eta: Array, extra: Array) -> bool:
    """Return whether a fit, given by η (rows,) and the family's parameters, proves overlap.

    The scores w of a numerical maximum leave a small remainder A'w. If the smallest change of w
    that removes the remainder keeps every w positive, the proof is exact.
    """
    rows, scores = _directions(matrix, family), _scores(family, eta, extra)
    gains = rows @ _orthonormal(matrix, rows.shape[1] - matrix.shape[1])
    try:
        change = np.linalg.solve(gains.T @ gains, gains.T @ scores)
    except np.linalg.LinAlgError:
        return False
    # The factor leaves room for the rounding of the remainder itself.
    return bool((scores > 2 * np.abs(gains @ change)).all())


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


def _scores(family: Family, eta: Array, extra: Array) -> Array:
    """Return the slope of the log likelihood along each row of A, in the order of `_directions`."""
    if isinstance(family, Binomial):
        y, m = family.successes, family.trials
        share = 1 / (1 + np.exp(-np.clip(eta, -700, 700)))
        return np.concatenate([(y * (1 - share))[y > 0], ((m - y) * share)[y < m]])
    if isinstance(family, CumulativeLogit):
        by_upper, by_lower = family.threshold_scores(eta, extra)
        codes = family.codes
        return np.concatenate([by_upper[codes < family.categories - 1], -by_lower[codes > 0]])
    raise TypeError(f"separation is not defined for {type(family).__name__}")


def _orthonormal(matrix: Array, thresholds: int) -> Array:
    """Return the change (thresholds + p, thresholds + p) to columns of root mean square 1.

    Without it the tolerances would depend on the units and the origin of numeric columns.
    """
    rows, p = matrix.shape
    centre = matrix.mean(axis=0) if thresholds else np.zeros(p)
    triangle = np.linalg.qr(matrix - centre, mode="r")
    columns = np.linalg.inv(triangle) * np.sqrt(rows)
    change = np.eye(thresholds + p)
    change[thresholds:, thresholds:] = columns
    # η of centred columns differs by a constant, which the thresholds take up.
    change[:thresholds, thresholds:] = centre @ columns
    return change


def reach(matrix: Array, family: Family, contrast: Array) -> tuple[bool, bool]:
    """Return whether the likelihood lets a contrast (p,) of coefficients go to -∞, and to ∞.

    That is, whether some direction lowers (raises) the contrast without lowering any row's
    likelihood.
    """
    rows = np.unique(_directions(matrix, family), axis=0)
    thresholds = rows.shape[1] - matrix.shape[1]
    change = _orthonormal(matrix, thresholds)
    gains = rows @ change
    weights = np.concatenate([np.zeros(thresholds), contrast]) @ change
    weights = weights / np.abs(weights).max()

    def extreme(sign: float) -> bool:
        programme = optimize.linprog(
            -sign * weights,
            A_ub=-gains,
            b_ub=np.zeros(len(gains)),
            bounds=(-1, 1),
            method="highs",
            options={"primal_feasibility_tolerance": FEASIBLE},
        )
        return bool(programme.status == 0 and -programme.fun > RISES)

    return extreme(-1.0), extreme(1.0)
