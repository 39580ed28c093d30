"""The search for a minimum, and whether what it found is one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.errors import NotConvergedError

Objective = Callable[[Array], tuple[float, Array]]

STEP = 1e-4  # of central differences of an analytic gradient
CLOSE = 1e-6  # largest accepted expected decrease of the deviance by one more Newton step
RESTARTS = 8
REFRESHES = 3
SHARES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)  # of a step off a saddle, in units of θ


@dataclass(frozen=True)
class Optimum:
    """Where the search ended: point, value, gradient (p,) and Hessian (p, p) there."""

    point: Array
    value: float
    gradient: Array
    hessian: Array

    @property
    def decrease(self) -> float:
        """How much one more Newton step would lower the value; infinite off a minimum."""
        if not len(self.point):
            return 0.0
        if np.linalg.eigvalsh(self.hessian)[0] <= 0:
            return np.inf
        return float(self.gradient @ np.linalg.solve(self.hessian, self.gradient) / 2)

    @property
    def is_saddle(self) -> bool:
        """Whether the value falls in some direction although the gradient vanishes."""
        return bool(len(self.point)) and _is_saddle(self.hessian)


def minimise(
    objective: Objective, start: Array, bounds: Sequence[tuple[float | None, float | None]]
) -> Optimum:
    """L-BFGS-B, away from saddles, then Newton steps; the caller judges the optimum it returns.

    Where a variance is zero the gradient vanishes by symmetry whether or not the likelihood rises
    behind it, so a negative curvature sends the search on.
    """
    point = np.array(start, dtype=float)
    if not len(point):
        return Optimum(point, objective(point)[0], point.copy(), np.zeros((0, 0)))
    for _ in range(RESTARTS):
        point = lowest(objective, point, bounds)[1]
        hessian = numerical_hessian(objective, point)
        if not _is_saddle(hessian):
            break
        vectors = np.linalg.eigh(hessian)[1]
        point = _off_the_saddle(objective, point, vectors[:, 0])
    return polish(objective, point, hessian)


def _off_the_saddle(objective: Objective, point: Array, direction: Array) -> Array:
    """The lowest of a few points along a direction of negative curvature.

    It must lie lower than the saddle, or the next search would step straight back to the bound.
    """
    upwards = direction * np.sign(direction.sum() or 1.0)
    tried = [point + share * upwards for share in SHARES]
    return min(tried, key=lambda candidate: objective(candidate)[0])


def lowest(
    objective: Objective, start: Array, bounds: Sequence[tuple[float | None, float | None]]
) -> tuple[float, Array]:
    """Value and point that L-BFGS-B ends at, unchecked; Newton steps are the better finish."""
    if not len(start):
        return objective(start)[0], start
    found = optimize.minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-11, "gtol": 1e-3, "maxcor": 20, "maxiter": 500},
    )
    return float(found.fun), np.asarray(found.x, dtype=np.float64)


def _is_saddle(hessian: Array) -> bool:
    values = np.linalg.eigvalsh(hessian)
    return bool(values[0] < -1e-4 * max(1.0, abs(values[-1])))


def polish(objective: Objective, point: Array, hessian: Array) -> Optimum:
    """Newton steps; the Hessian is taken anew only where the old one no longer leads down."""
    optimum = _polished(objective, point, hessian)
    for _ in range(REFRESHES):
        if not CLOSE < optimum.decrease < 1:
            break
        hessian = numerical_hessian(objective, optimum.point)
        optimum = _polished(objective, optimum.point, hessian)
    return optimum


def _polished(objective: Objective, point: Array, hessian: Array) -> Optimum:
    """Newton steps with one Hessian for as long as they bring the value down."""
    optimum = Optimum(point, *objective(point), hessian)
    for _ in range(8):
        if not CLOSE * 1e-6 < optimum.decrease < 1:
            break
        point = optimum.point - np.linalg.solve(hessian, optimum.gradient)
        value, gradient = objective(point)
        if not value <= optimum.value + 1e-9 * abs(optimum.value):
            break
        optimum = Optimum(point, value, gradient, hessian)
    return optimum


def numerical_hessian(objective: Objective, point: Array) -> Array:
    """Central differences of the gradient, made symmetric."""
    p = len(point)
    hessian = np.empty((p, p))
    for i in range(p):
        step = np.zeros(p)
        step[i] = STEP * max(1.0, abs(point[i]))
        difference = objective(point + step)[1] - objective(point - step)[1]
        hessian[i] = difference / (2 * step[i])
    return (hessian + hessian.T) / 2


def require_minimum(optimum: Optimum, limit: float, what: str) -> None:
    """Raise NotConvergedError unless the optimum is an inner minimum, well below `limit`."""
    if len(optimum.point) and np.abs(optimum.point).max() > limit:
        raise NotConvergedError(
            f"{what} did not converge: a parameter runs away to {np.abs(optimum.point).max():.3g}, "
            "so the likelihood has no maximum; look for outcomes that a factor predicts exactly"
        )
    if not optimum.decrease < CLOSE:
        raise NotConvergedError(
            f"{what} did not converge: one more step would still lower the deviance by "
            f"{optimum.decrease:.3g}, and {CLOSE:g} is the limit; simplify the random terms, or "
            "bring numeric columns to like scales"
        )
