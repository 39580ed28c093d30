"""Profiled deviance of the linear mixed model, from sums over rows that are computed once.

    y = Xβ + Zb + ε,  b ~ N(0, σ² ΛΛ'),  ε ~ N(0, σ² I),  V = I + ZΛΛ'Z'

Notation and formulas follow Bates, Mächler, Bolker & Walker (2015), section 3. The ML deviance is
log|M| + n (1 + log(2π r²/n)), where r² is the penalised residual sum of squares; REML adds
log|X'V⁻¹X| and replaces n by n - p. With U = Λ'Z'V⁻¹[X, y] = M⁻¹Λ'Z'[X, y] and T = Z'V⁻¹[X, y],
∂(X'V⁻¹X)/∂Λ_ab = -Σ_levels (T_a U_b' + U_b T_a'), which gives the gradients of log|X'V⁻¹X| and of
r².
"""

from dataclasses import dataclass

import numpy as np

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.block_elimination import (
    Elimination,
    by_level,
    eliminate,
    information_slopes,
)
from analysis.statistics.mixed_models.cross_products import Crossing, Parts
from analysis.statistics.mixed_models.design import Design
from analysis.statistics.mixed_models.relative import Relative

RECENT = 3  # evaluations that a problem keeps


@dataclass(frozen=True)
class Evaluation:
    """The deviance at a θ: `penalty` + df log(2πσ²) + `rss`/σ² before σ is profiled out.

    `penalty` contains the log determinants, `rss` is r², `*_slope` are their gradients by θ; `beta`
    (p,) and `information` X'V⁻¹X (p, p) are in the basis of `LinearProblem`; `outer` is T and
    `solved` U, whose last columns belong to y. `by_entry` contains the profiled deviance's
    derivatives by every entry of each Λ.
    """

    elimination: Elimination
    by_entry: list[Array]

    penalty: float
    rss: float
    penalty_slope: Array
    rss_slope: Array
    beta: Array
    information: Array
    outer: Parts
    solved: Parts


class LinearProblem:
    """Cross products of data, with X in an orthonormal basis and y without its projection on X.

    X = Q R: β of the original columns is R⁻¹ (β of the basis + Q'y).
    """

    def __init__(self, design: Design, outcome: Array, *, reml: bool) -> None:
        """Compute the sums over all rows."""
        self.crossing = Crossing(design.groupings, design.rows)
        self.relative = Relative(design.groupings)
        self.reml = reml
        self.basis, self.triangle = np.linalg.qr(design.fixed.matrix)
        # REML's log|X'V⁻¹X| refers to the original columns, not to the basis.
        self.volume = 2 * float(np.log(np.abs(np.diag(self.triangle))).sum()) if reml else 0.0
        self.projection = self.basis.T @ outcome
        remainder = outcome - self.basis @ self.projection
        remainder -= self.basis @ (self.basis.T @ remainder)  # removes rounding errors
        self.p = self.basis.shape[1]
        self.df = design.rows - self.p if reml else design.rows
        self.columns = np.column_stack([self.basis, remainder])
        self.squares = self.columns.T @ self.columns
        self.blocks = self.crossing.products()
        self.gathered = self.crossing.gather(self.columns)
        self._recent: dict[bytes, Evaluation] = {}

    @property
    def total(self) -> float:
        """Return the residual sum of squares of the fixed effects alone."""
        return float(self.squares[-1, -1])

    def objective(self, theta: Array) -> tuple[float, Array]:
        """Return the profiled deviance and its gradient."""
        at = self.evaluate(theta)
        value = at.penalty + self.df * (1 + np.log(2 * np.pi * at.rss / self.df))
        return float(value), at.penalty_slope + self.df / at.rss * at.rss_slope

    def evaluate(self, theta: Array) -> Evaluation:
        """Evaluate the deviance, its gradient and the fixed effects at a θ."""
        key = np.asarray(theta, dtype=float).tobytes()
        if key not in self._recent:
            # Only the last few are kept, because each contains a factorisation.
            self._recent = dict([*self._recent.items()][1 - RECENT :])
            self._recent[key] = self._evaluate(theta)
        return self._recent[key]

    def _evaluate(self, theta: Array) -> Evaluation:
        p = self.p
        elimination = eliminate(self.crossing, self.blocks, self.relative.factors(theta))
        scaled = elimination.scale(self.gathered)
        solved = elimination.solve(scaled)
        inner = self.squares - _dot(scaled, solved)
        # Rounding makes the difference slightly asymmetric.
        information = (inner[:p, :p] + inner[:p, :p].T) / 2
        beta = np.linalg.solve(information, inner[:p, p])
        rss = float(inner[p, p] - inner[:p, p] @ beta)
        lifted = elimination.products(elimination.unscale(solved))
        outer = Parts(self.gathered.first - lifted.first, self.gathered.rest - lifted.rest)
        penalty = elimination.log_determinant
        by_entry = elimination.log_determinant_slope()
        if self.reml:
            penalty += float(np.linalg.slogdet(information)[1]) + self.volume
            middle = np.zeros((p + 1, p + 1))
            middle[:p, :p] = np.linalg.inv(information)
            through = by_level(self.crossing, outer, solved, middle)
            by_entry = [a - 2 * b for a, b in zip(by_entry, through, strict=True)]
        combination = np.append(-beta, 1.0)
        through = by_level(self.crossing, outer, solved, np.outer(combination, combination))
        factor = self.df / rss
        return Evaluation(
            elimination,
            [a - 2 * factor * b for a, b in zip(by_entry, through, strict=True)],
            penalty,
            rss,
            self.relative.collect(by_entry),
            -2 * self.relative.collect(through),
            beta,
            information,
            outer,
            solved,
        )

    def curvature(self, theta: Array) -> Array:
        """Return an approximation of the deviance's Hessian, at the cost of a few solves.

        The average of the observed and the expected information (Gilmour, Thompson & Cullis 1995)
        needs no traces: y'PV_kPV_lPy/σ², where V_k = Z(E_kΛ' + ΛE_k')Z' is V's derivative by θ_k.
        The term of V's second derivatives follows from the gradient. σ is profiled out.
        """
        at = self.evaluate(theta)
        sigma2 = at.rss / self.df
        combination = np.append(-at.beta, 1.0)[:, None]
        shifts = self._shifts(
            theta, Parts(at.outer.first @ combination, at.outer.rest @ combination)
        )
        gathered = at.elimination.products(shifts)
        solved = at.elimination.solve(at.elimination.scale(gathered))
        lifted = at.elimination.products(at.elimination.unscale(solved))
        by_shift = _dot(shifts, Parts(gathered.first - lifted.first, gathered.rest - lifted.rest))
        by_fixed = _dot(at.outer, shifts)[: self.p]
        average = by_shift - by_fixed.T @ np.linalg.solve(at.information, by_fixed)
        average = average / sigma2 - np.outer(at.rss_slope, at.rss_slope) / (sigma2**2 * self.df)
        return average + self.relative.second_order(theta, at.by_entry)

    def _shifts(self, theta: Array, pulls: Parts) -> Parts:
        """Return (E_kΛ' + ΛE_k') t with a column per θ_k, for t = Z'Py in `pulls`."""
        parts, factors = self.crossing.by_factor(pulls), self.relative.factors(theta)
        columns = [[np.zeros(part.shape[:2]) for part in parts] for _ in theta]
        for owner, (index, a, b) in zip(self.relative.owners, self.relative.entries, strict=True):
            pull, factor, column = parts[index][:, :, 0], factors[index], columns[owner]
            column[index][:, a] += pull @ factor[:, b]
            column[index] += pull[:, [a]] * factor[:, b]
        stacked = [np.stack(part, axis=2) for part in zip(*columns, strict=True)]
        rest = [part.reshape(-1, len(columns)) for part in stacked[1:]]
        return Parts(stacked[0], np.concatenate([np.zeros((0, len(columns))), *rest]))

    def information_slopes(self, at: Evaluation) -> Array:
        """Return the derivatives of X'V⁻¹X by each θ, with a matrix (p, p) per parameter."""
        entries = self.relative.entries
        slopes = information_slopes(self.crossing, entries, at.outer, at.solved)
        return self.relative.by_parameter(slopes[:, : self.p, : self.p])

    def effects(self, at: Evaluation, theta: Array) -> list[Array]:
        """Return each factor's random effects (levels, effects) for the original columns."""
        combination = np.append(-at.beta, 1.0)[:, None]
        standardised = Parts(at.solved.first @ combination, at.solved.rest @ combination)
        return self.relative.effects(theta, self.crossing.by_factor(standardised))


def _dot(a: Parts, b: Parts) -> Array:
    rows = a.first.shape[0] * a.first.shape[1]
    left = a.first.reshape(rows, a.first.shape[2])
    return left.T @ b.first.reshape(rows, b.first.shape[2]) + a.rest.T @ b.rest
