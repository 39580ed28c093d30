"""Laplace's approximation of the likelihood of a generalised mixed model, and its gradient.

    D(φ) = -2 log L = -2 Σ log f(y | η) + |u|² + log det M,   η = Xβ + ZΛu,   M = Λ'Z'WZΛ + I

at the mode u of the standardised random effects (Bates et al., vignette "Computational methods
for mixed models" of lme4, and Tierney & Kadane 1986). φ consists of the family's parameters (such
as thresholds), β in a scaled basis, and θ. The gradient follows u(φ) by the implicit function
theorem; with a = diag(ZΛM⁻¹Λ'Z'), c = a ∂w/∂η and v = M⁻¹Λ'Z'c a single solve serves all
parameters.
"""

from dataclasses import dataclass

import numpy as np

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.block_elimination import (
    Elimination,
    by_level,
    eliminate,
    information_slopes,
    unscaled,
)
from analysis.statistics.mixed_models.cross_products import Crossing, Parts
from analysis.statistics.mixed_models.design import Design
from analysis.statistics.mixed_models.errors import NotConvergedError
from analysis.statistics.mixed_models.families import Family, Rows
from analysis.statistics.mixed_models.relative import Relative

STEPS = 60
HALVINGS = 30
SMALL = 1e-17  # expected decrease of the penalised deviance below which Newton's search stops


@dataclass(frozen=True)
class Mode:
    """The mode at a φ: effects u, η, the rows' likelihoods and the factorised M."""

    extra: Array
    effects: Parts
    eta: Array
    rows: Rows
    elimination: Elimination

    @property
    def deviance(self) -> float:
        """Return -2 log L by Laplace's approximation."""
        square = (self.effects.first**2).sum() + (self.effects.rest**2).sum()
        return float(-2 * self.rows.log.sum() + square + self.elimination.log_determinant)


class LaplaceProblem:
    """A data set with a family. φ = (family parameters, β of the basis, θ).

    The basis is orthogonal with root mean square 1 per column: β of the original columns is `back`
    @ β of the basis.
    """

    def __init__(self, design: Design, family: Family, offset: Array | None = None) -> None:
        """Build the basis.

        `offset` (rows,) is a known part of η.
        """
        self.family = family
        self.crossing = Crossing(design.groupings, design.rows)
        self.relative = Relative(design.groupings)
        root = np.sqrt(design.rows)
        basis, triangle = np.linalg.qr(design.fixed.matrix)
        self.basis = basis * root
        self.back = np.linalg.inv(triangle) * root
        self.offset = np.zeros(design.rows) if offset is None else offset
        self.p = self.basis.shape[1]
        shape = (self.crossing.count, self.crossing.width, 1)
        self._warm = Parts(np.zeros(shape), np.zeros((self.crossing.dense, 1)))

    @property
    def start(self) -> Array:
        """Return the start: the family's start, no fixed effects, random effects with SD .5."""
        return np.concatenate([self.family.start(), np.zeros(self.p), self.relative.start])

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        """Return the bounds of φ, of which only θ is bounded."""
        free: list[tuple[float | None, float | None]] = [(None, None)] * (self.family.size + self.p)
        return [*free, *self.relative.bounds]

    def split(self, parameters: Array) -> tuple[Array, Array, Array]:
        """Split φ into the family's parameters, β and θ."""
        extra, rest = parameters[: self.family.size], parameters[self.family.size :]
        return extra, rest[: self.p], rest[self.p :]

    def objective(self, parameters: Array) -> tuple[float, Array]:
        """Return D and its gradient."""
        mode = self.mode(parameters)
        return mode.deviance, self.gradient(mode)

    def mode(self, parameters: Array) -> Mode:
        """Find the mode by Newton's method with halved steps, starting where the last search ended.

        Raises NotConvergedError if the search fails.
        """
        extra, beta, theta = self.split(parameters)
        fixed = self.offset + self.basis @ beta
        lambdas = self.relative.factors(theta)
        mode = self._at(extra, fixed, lambdas, self._warm)
        for _ in range(STEPS):
            pull = mode.elimination.scale(self.crossing.gather(mode.rows.first[:, None]))
            ascent = Parts(pull.first - mode.effects.first, pull.rest - mode.effects.rest)
            step = mode.elimination.solve(ascent)
            if _dot(ascent, step) < SMALL:
                self._warm = mode.effects
                return mode
            mode = self._improved(mode, step, fixed, lambdas)
        raise NotConvergedError("the search for the modes of the random effects did not converge")

    def _improved(self, mode: Mode, step: Parts, fixed: Array, lambdas: list[Array]) -> Mode:
        before = _penalised(mode)
        for halving in range(HALVINGS):
            share = 0.5**halving
            effects = Parts(
                mode.effects.first + share * step.first, mode.effects.rest + share * step.rest
            )
            new = self._at(mode.extra, fixed, lambdas, effects)
            if _penalised(new) <= before + 1e-10 * abs(before):
                return new
        raise NotConvergedError("the search for the modes of the random effects stopped improving")

    def _at(self, extra: Array, fixed: Array, lambdas: list[Array], effects: Parts) -> Mode:
        scaled = unscaled(self.crossing, lambdas, effects)
        eta = fixed + self.crossing.spread(scaled)
        rows = self.family.rows(eta, extra)
        elimination = eliminate(self.crossing, self.crossing.products(rows.weight), lambdas)
        return Mode(extra, effects, eta, rows, elimination)

    def effects(self, parameters: Array) -> list[Array]:
        """Return each factor's modes of the effects (levels, effects) for the original columns."""
        mode = self.mode(parameters)
        theta = self.split(parameters)[2]
        return self.relative.effects(theta, self.crossing.by_factor(mode.effects))

    def information_slopes(self, mode: Mode) -> Array:
        """Return the derivatives by θ of the information of (family parameters, β).

        Shape (θ, size + p, size + p). The model is linearised at the mode with its weights fixed,
        where the information is F - P'Z(ΛM⁻¹Λ')Z'P; P (rows, size + p) contains the derivatives of
        -first, and F does not depend on θ.
        """
        weighted = mode.rows.weight[:, None] * self.basis
        mixed = np.column_stack([self.family.extra_mixed(mode.eta, mode.extra), weighted])
        elimination, gathered = mode.elimination, self.crossing.gather(mixed)
        solved = elimination.solve(elimination.scale(gathered))
        lifted = elimination.products(elimination.unscale(solved))
        outer = Parts(gathered.first - lifted.first, gathered.rest - lifted.rest)
        slopes = information_slopes(self.crossing, self.relative.entries, outer, solved)
        return self.relative.by_parameter(slopes)

    def gradient(self, mode: Mode) -> Array:
        """Return ∂D/∂φ at a mode."""
        elimination, rows = mode.elimination, mode.rows
        inverse = elimination.inverse()
        leverage = self.crossing.quadratic(elimination.sandwich(inverse))
        # `curve` is the change of log det M with η; its solve accounts for the shift of the mode.
        curve = leverage * self.family.weight_slope(mode.eta, mode.extra)
        adjoint = elimination.solve(elimination.scale(self.crossing.gather(curve[:, None])))
        lift = self.crossing.spread(elimination.unscale(adjoint))
        by_eta = -2 * rows.first + curve - rows.weight * lift
        outer = self.crossing.gather(np.column_stack([by_eta, rows.first]))
        inner = Parts(
            np.concatenate([mode.effects.first, adjoint.first], axis=2),
            np.concatenate([mode.effects.rest, adjoint.rest], axis=1),
        )
        through = by_level(self.crossing, outer, inner, np.eye(2))
        direct = elimination.log_determinant_slope(inverse)
        by_theta = [a + b for a, b in zip(through, direct, strict=True)]
        return np.concatenate(
            [
                self.family.extra_slope(mode.eta, mode.extra, leverage, lift),
                self.basis.T @ by_eta,
                self.relative.collect(by_theta),
            ]
        )


def _penalised(mode: Mode) -> float:
    square = (mode.effects.first**2).sum() + (mode.effects.rest**2).sum()
    return float(square - 2 * mode.rows.log.sum())


def _dot(a: Parts, b: Parts) -> float:
    return float((a.first * b.first).sum() + (a.rest * b.rest).sum())
