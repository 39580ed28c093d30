"""Likelihood-ratio tests and profile limits of logistic and ordinal models without a maximum.

A separated likelihood rises towards a finite supremum as coefficients go to infinity. Wald's tests
and standard errors do not exist there, but the deviance at the supremum does, and so do its
differences from the deviances of restricted models. The search keeps every parameter within bounds
at which the deviance differs from its infimum by less than 1e-6.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, stats
from scipy.linalg import null_space

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Bound, Estimate, HypothesisTest
from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.design import Design
from analysis.statistics.mixed_models.errors import NotConvergedError
from analysis.statistics.mixed_models.families import Family
from analysis.statistics.mixed_models.laplace import LaplaceProblem
from analysis.statistics.mixed_models.separation import reach

FARTHEST = 40.0  # logits; beyond them no row's likelihood changes visibly
WIDEST = 6.0  # logs of the gap between two thresholds
STEEPEST = 25.0  # SD of random effects
LIMIT = 30.0  # logits at which the search for a profile limit ends


@dataclass(frozen=True)
class Infimum:
    """The lowest deviance of a model, and where: family parameters, fixed part of η (rows,), θ."""

    deviance: float
    extra: Array
    eta: Array
    theta: Array


class Suprema:
    """The likelihoods of a model and of its restrictions, on one set of rows."""

    def __init__(self, design: Design, family: Family, level: float, n: int) -> None:
        """Fit the complete model. `n` is the number of participants.

        Raises NotConvergedError if no search ends.
        """
        self.design, self.family, self.level, self.n = design, family, level, n
        self.whole = self._lowest(design.fixed.matrix, None, ())

    def ratio_test(self, name: str, hypothesis: Array) -> HypothesisTest:
        """Test that all rows of `hypothesis` (q, p) are zero by the likelihood ratio, χ²(q)."""
        statistic = self._rise(self._restricted(hypothesis, 0.0))
        df = float(np.linalg.matrix_rank(hypothesis))
        p = float(stats.chi2.sf(statistic, df))
        return HypothesisTest(name, "χ²", statistic, (df,), p, self.n)

    def odds_ratio(self, name: str, contrast: Array) -> Estimate | Bound:
        """Return exp of a contrast (p,) with its profile-likelihood interval.

        The test is the likelihood ratio, as the signed root that is compared with z. Raises
        NotEstimableError if the data do not limit the contrast on either side.
        """
        down, up = reach(self.design.fixed.matrix, self.family, contrast)
        if down and up:
            raise NotEstimableError(
                "both arms' answers are at an end of the scale, so their odds cannot be compared"
            )
        rows = contrast[None]
        value = float(contrast @ self._coefficients())
        root = float(np.sqrt(self._rise(self._restricted(rows, 0.0))))
        root = root if (up or (not down and value >= 0)) else -root
        p = float(2 * stats.norm.sf(abs(root)))
        method = "profile likelihood, test by the likelihood ratio"
        rise = self._profile(rows)
        if up or down:
            limit = _crossing(rise, 0.0, -1.0 if up else 1.0, name)
            return Bound(
                name, "infinite" if up else "0", float(np.exp(limit)), self.level, self.n, method,
                root, p,
            )  # fmt: skip
        low, high = _crossing(rise, value, -1.0, name), _crossing(rise, value, 1.0, name)
        middle, low, high = (float(np.exp(x)) for x in (value, low, high))
        return Estimate(name, middle, low, high, self.level, self.n, method, root, None, p)

    def _profile(self, rows: Array) -> Callable[[float], float]:
        quantile = float(stats.chi2.ppf(self.level, 1))
        near = [self.whole]

        def rise(value: float) -> float:
            # Each search starts where the last search ended, because neighbouring optima are close.
            near[0] = self._restricted(rows, value, near[0])
            return near[0].deviance - self.whole.deviance - quantile

        return rise

    def _coefficients(self) -> Array:
        beta = np.linalg.lstsq(self.design.fixed.matrix, self.whole.eta, rcond=None)[0]
        return np.asarray(beta, dtype=np.float64)

    def _rise(self, restricted: Infimum) -> float:
        if restricted.deviance < self.whole.deviance:  # the first search had stopped too early
            again = self._lowest(self.design.fixed.matrix, None, (restricted,))
            if again.deviance < self.whole.deviance:
                self.whole = again
        return max(0.0, restricted.deviance - self.whole.deviance)

    def _restricted(self, rows: Array, value: float, near: Infimum | None = None) -> Infimum:
        """Return the lowest deviance with `rows` @ β = `value`."""
        matrix = self.design.fixed.matrix
        free = matrix @ null_space(rows)
        offset = matrix @ np.linalg.pinv(rows)[:, 0] * value if value else None
        return self._lowest(free, offset, (near or self.whole,))

    def _lowest(self, matrix: Array, offset: Array | None, near: tuple[Infimum, ...]) -> Infimum:
        """Return the lowest deviance over searches from a plain start and from other optima."""
        names = tuple(f"column {place}" for place in range(matrix.shape[1]))
        fixed = replace(self.design.fixed, matrix=matrix, names=names, terms={})
        problem = LaplaceProblem(Design(fixed, self.design.groupings), self.family, offset)
        known = np.zeros(len(matrix)) if offset is None else offset
        starts = [problem.start] if offset is None else []
        for other in near:
            beta = problem.basis.T @ (other.eta - known) / len(matrix)
            starts.append(np.concatenate([other.extra, beta, other.theta]))
        found = [end for end in (_search(problem, start) for start in starts) if end is not None]
        if not found:
            # A search that fails on the way from a near optimum may succeed from a plain start.
            last = _search(problem, problem.start)
            found = [] if last is None else [last]
        if not found:
            raise NotConvergedError("no search for the highest likelihood ended")
        deviance, point = min(found, key=lambda end: end[0])
        extra, beta, theta = problem.split(point)
        return Infimum(deviance, extra, known + problem.basis @ beta, theta)


def _search(problem: LaplaceProblem, start: Array) -> tuple[float, Array] | None:
    """Return deviance and point where the search ends, or None if the integral fails on the way."""
    size, p = problem.family.size, problem.p
    bounds = [(-FARTHEST, FARTHEST)] * min(size, 1) + [(-FARTHEST, WIDEST)] * max(size - 1, 0)
    bounds += [(-FARTHEST, FARTHEST)] * p
    bounds += [
        (-STEEPEST if low is None else low, STEEPEST) for low, _ in problem.bounds[size + p :]
    ]
    inside = np.clip(start, [low for low, _ in bounds], [high for _, high in bounds])
    try:
        end = optimize.minimize(
            problem.objective,
            inside,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"ftol": 1e-13, "gtol": 1e-6, "maxcor": 20, "maxiter": 2000},
        )
    except (NotConvergedError, np.linalg.LinAlgError):
        return None
    return float(end.fun), np.asarray(end.x, dtype=np.float64)


def _crossing(rise: Callable[[float], float], inside: float, direction: float, name: str) -> float:
    """Return the profile limit on one side of a value, or of 0 if the estimate is infinite."""
    near, step = inside, 0.5
    if rise(inside) > 0:  # the estimate is infinite and 0 is rejected: the limit is nearer to it
        direction = -direction
    outside_is_low = rise(inside) > 0
    for _ in range(12):
        far = float(np.clip(near + direction * step, -LIMIT, LIMIT))
        if (rise(far) > 0) != outside_is_low:
            return float(optimize.brentq(rise, *sorted((near, far)), xtol=1e-5))
        if abs(far) == LIMIT:
            break
        near, step = far, step * 1.6
    raise NotEstimableError(f"the likelihood of the {name} does not fall off, so it has no limit")
