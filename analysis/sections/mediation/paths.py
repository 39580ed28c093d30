"""Products of paths from the arms over mediators to an outcome, for many weightings at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from analysis.errors import NotEstimableError

Array = npt.NDArray[np.float64]
Through = tuple[int, ...]  # numbers of the mediators on a path, in order


@dataclass(frozen=True)
class Paths:
    """Every quantity for B weightings of the rows and k arms against the reference.

    `indirect`: by mediators on the path, (B, k). `direct`, `total`: (B, k). `critical`: per
    mediator, (B, mediators), the correlation of errors at which its way to the outcome vanishes.
    """

    indirect: Mapping[Through, Array]
    direct: Array
    total: Array
    critical: Array


def paths(arms: Array, mediators: Array, outcome: Array, weights: Array) -> Paths:
    """Least squares: each mediator on the arms and the mediators before it, the outcome on all.

    `arms` (n, k) 0/1 without the reference, `mediators` (n, m), `outcome` (n,), `weights` (B, n)
    how often each row counts. Total = direct + all indirect effects, exactly (linear models).
    Raises NotEstimableError where a regression has no unique solution.
    """
    n, k = arms.shape
    m = mediators.shape[1]
    rows = np.column_stack([np.ones(n), arms, mediators, outcome])
    width = rows.shape[1]
    products = (rows[:, :, None] * rows[:, None, :]).reshape(n, width * width)
    moments = (weights @ products).reshape(-1, width, width)
    base = list(range(k + 1))
    to_mediator = [
        _coefficients(moments, base + _columns(k, range(j)), k + 1 + j) for j in range(m)
    ]
    to_outcome = _coefficients(moments, base + _columns(k, range(m)), k + 1 + m)
    indirect = {
        through: _product(through, to_mediator, to_outcome, k)
        for size in range(1, m + 1)
        for through in combinations(range(m), size)
    }
    return Paths(
        indirect,
        to_outcome[:, 1 : k + 1],
        _coefficients(moments, base, k + 1 + m)[:, 1:],
        np.stack([_critical(moments, k, j, m) for j in range(m)], axis=1),
    )


def _columns(k: int, mediators: range) -> list[int]:
    return [k + 1 + j for j in mediators]


def _product(through: Through, to_mediator: list[Array], to_outcome: Array, k: int) -> Array:
    value = to_mediator[through[0]][:, 1 : k + 1]
    for before, after in pairwise(through):
        value = value * to_mediator[after][:, [k + 1 + before]]
    return value * to_outcome[:, [k + 1 + through[-1]]]


def _coefficients(moments: Array, given: list[int], target: int) -> Array:
    """(B, given)"""
    left = moments[:, given][:, :, given]
    try:
        found = np.linalg.solve(left, moments[:, given, target][..., None])[..., 0]
    except np.linalg.LinAlgError:
        found = np.full((len(moments), len(given)), np.nan)
    if not np.isfinite(found).all() or np.linalg.cond(left[0]) > 1e12:
        raise NotEstimableError(
            "a regression of the paths has no unique solution: a mediator is constant, or follows "
            "from the arms and the other mediators"
        )
    return np.asarray(found, dtype=np.float64)


def _critical(moments: Array, k: int, mediator: int, m: int) -> Array:
    """Correlation of what arms and earlier mediators leave of the mediator and of the outcome.

    An unmeasured cause of both that correlates the errors by this ρ would explain the whole path
    from the mediator to the outcome (Imai, Keele & Yamamoto, 2010, section 5: the effect is zero
    where ρ equals that correlation).
    """
    given = list(range(k + 1)) + _columns(k, range(mediator))
    pair = [k + 1 + mediator, k + 1 + m]
    cross = moments[:, given][:, :, pair]
    left = moments[:, given][:, :, given]
    rest = moments[:, pair][:, :, pair] - np.swapaxes(cross, 1, 2) @ np.linalg.solve(left, cross)
    spread = np.sqrt(np.clip(rest[:, 0, 0] * rest[:, 1, 1], 0, None))
    if not (spread > 1e-12).all():
        raise NotEstimableError("a mediator or the outcome does not vary within the arms")
    return np.asarray(np.clip(rest[:, 0, 1] / spread, -1, 1))
