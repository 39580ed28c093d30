"""Minimisation of a deviance, and the check that the result is a minimum."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.errors import NotConvergedError

Objective = Callable[[Array], tuple[float, Array]]
Curvature = Callable[[Array], Array]

STEP = 1e-4  # step of the central differences of an analytic gradient
CLOSE = 1e-6  # accepted expected decrease of the deviance by another Newton step
RESTARTS = 8
APPROACHES = 25  # Newton steps with an approximate Hessian
NEAR = 1e-9  # expected decrease at which they end
LONGEST = 1.0  # longest step, as a share of the largest parameter
REFRESHES = 3
SHARES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)  # step lengths tried from a saddle, in units of θ


@dataclass(frozen=True)
class Optimum:
    """The point where a search ended, with value, gradient (p,) and Hessian (p, p)."""

    point: Array
    value: float
    gradient: Array
    hessian: Array

    @property
    def decrease(self) -> float:
        """Return the expected decrease by another Newton step, infinite away from a minimum."""
        if not len(self.point):
            return 0.0
        if np.linalg.eigvalsh(self.hessian)[0] <= 0:
            return np.inf
        return float(self.gradient @ np.linalg.solve(self.hessian, self.gradient) / 2)

    @property
    def is_saddle(self) -> bool:
        """Return whether the value falls in some direction although the gradient vanishes."""
        return bool(len(self.point)) and _is_saddle(self.hessian)


def minimise(
    objective: Objective,
    start: Array,
    bounds: Sequence[tuple[float | None, float | None]],
    curvature: Curvature | None = None,
) -> Optimum:
    """Minimise by L-BFGS-B, leave saddles, and finish with Newton steps.

    Where a variance is zero the gradient vanishes by symmetry, whether or not the likelihood is
    higher at a positive variance, so negative curvature restarts the search. The caller must check
    the optimum, for instance with `require_minimum`. With an approximate Hessian (`curvature`)
    Newton steps come first, since they need fewer evaluations.
    """
    point = np.array(start, dtype=float)
    if not len(point):
        return Optimum(point, objective(point)[0], point.copy(), np.zeros((0, 0)))
    objective = _remembering(objective)
    has_arrived = False
    if curvature is not None:
        point, has_arrived = approach(objective, curvature, point)
    # A restart from beyond the saddle finds the minimum with a positive variance, if it exists.
    for _ in range(RESTARTS):
        if not has_arrived:
            point = lowest(objective, point, bounds)[1]
        has_arrived = False
        hessian = numerical_hessian(objective, point)
        if not _is_saddle(hessian):
            break
        vectors = np.linalg.eigh(hessian)[1]
        point = _off_the_saddle(objective, point, vectors[:, 0])
    return polish(objective, point, hessian)


def approach(objective: Objective, curvature: Curvature, start: Array) -> tuple[Array, bool]:
    """Return the point that Newton steps with an approximate Hessian reach while they succeed.

    Also returns whether no step would lower the value much further.
    """
    point, (value, gradient) = start, objective(start)
    for _ in range(APPROACHES):
        try:
            values, vectors = np.linalg.eigh(curvature(point))
        except np.linalg.LinAlgError:  # a variance of exactly zero
            return point, False
        # The absolute curvature leads away from saddles; the limit keeps steps where it is known.
        sizes = np.maximum(np.abs(values), 1e-6 * max(1.0, np.abs(values).max()))
        step = -vectors @ ((vectors.T @ gradient) / sizes)
        step *= min(1.0, LONGEST * max(0.5, np.abs(point).max()) / np.abs(step).max())
        if -gradient @ step / 2 < NEAR:
            return point, True
        for share in (1.0, 0.3, 0.1):
            candidate = point + share * step
            at = objective(candidate)
            if at[0] < value:
                break
        else:
            return point, False
        point, (value, gradient) = candidate, at
    return point, False


def _remembering(objective: Objective) -> Objective:
    """Return the objective with its values stored, since the stages of a search share points."""
    known: dict[bytes, tuple[float, Array]] = {}

    def remembered(point: Array) -> tuple[float, Array]:
        key = np.asarray(point, dtype=float).tobytes()
        if key not in known:
            value, gradient = objective(point)
            known[key] = value, gradient.copy()
        return known[key]

    return remembered


def _off_the_saddle(objective: Objective, point: Array, direction: Array) -> Array:
    """Return the lowest of a few points along a direction of negative curvature.

    The point must be lower than the saddle, otherwise the next search would return to the bound.
    """
    upwards = direction * np.sign(direction.sum() or 1.0)
    tried = [point + share * upwards for share in SHARES]
    return min(tried, key=lambda candidate: objective(candidate)[0])


def lowest(
    objective: Objective, start: Array, bounds: Sequence[tuple[float | None, float | None]]
) -> tuple[float, Array]:
    """Return the value and point where L-BFGS-B ends, without any check or Newton step."""
    if not len(start):
        return objective(start)[0], start
    optimum = optimize.minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-14, "gtol": 1e-5, "maxcor": 20, "maxiter": 500},
    )
    return float(optimum.fun), np.asarray(optimum.x, dtype=np.float64)


def _is_saddle(hessian: Array) -> bool:
    values = np.linalg.eigvalsh(hessian)
    return bool(values[0] < -1e-4 * max(1.0, abs(values[-1])))


def polish(objective: Objective, point: Array, hessian: Array) -> Optimum:
    """Improve the point by Newton steps, recomputing the Hessian only when it stops working."""
    optimum = _polished(objective, point, hessian)
    for _ in range(REFRESHES):
        if not CLOSE < optimum.decrease < 1:
            break
        hessian = numerical_hessian(objective, optimum.point)
        optimum = _polished(objective, optimum.point, hessian)
    return optimum


def _polished(objective: Objective, point: Array, hessian: Array) -> Optimum:
    """Take Newton steps with a fixed Hessian while they lower the value."""
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
    """Return the Hessian by central differences of the gradient, made symmetric."""
    p = len(point)
    hessian = np.empty((p, p))
    for i in range(p):
        step = np.zeros(p)
        step[i] = STEP * max(1.0, abs(point[i]))
        difference = objective(point + step)[1] - objective(point - step)[1]
        hessian[i] = difference / (2 * step[i])
    return (hessian + hessian.T) / 2


def require_minimum(optimum: Optimum, limit: float, what: str) -> None:
    """Check that the optimum is an inner minimum with parameters below `limit`.

    Raises NotConvergedError, which names the fitted model (`what`).
    """
    if len(optimum.point) and np.abs(optimum.point).max() > limit:
        raise NotConvergedError(
            f"{what} did not converge: a parameter diverges to {np.abs(optimum.point).max():.3g}, "
            "so the likelihood has no maximum; check for outcomes that a factor predicts exactly"
        )
    if not optimum.decrease < CLOSE:
        raise NotConvergedError(
            f"{what} did not converge: another step would still lower the deviance by "
            f"{optimum.decrease:.3g} (limit {CLOSE:g}); simplify the random terms, or "
            "bring numeric columns to similar scales"
        )
