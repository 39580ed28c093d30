"""Adaptive Gauss-Hermite quadrature for models with one random intercept.

The integral over each level's standardised effect u uses k nodes around the mode û, scaled by the
curvature at the mode (Pinheiro & Bates 1995, doi 10.1080/10618600.1995.10474663); with one node it
equals Laplace's approximation.
"""

import numpy as np
from scipy import special

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.design import Design
from analysis.statistics.mixed_models.errors import DesignError
from analysis.statistics.mixed_models.families import Family
from analysis.statistics.mixed_models.laplace import LaplaceProblem

STEP = 1e-5  # step of the central differences


class QuadratureProblem:
    """The likelihood of a model with one random intercept, over the φ of `LaplaceProblem`."""

    def __init__(
        self, design: Design, family: Family, points: int, offset: Array | None = None
    ) -> None:
        """Prepare `points` nodes per level.

        `offset` (rows,) is a known part of η.
        """
        if [grouping.width for grouping in design.groupings] != [1]:
            raise DesignError(
                "adaptive quadrature needs a single factor with only a random intercept; use "
                "Laplace's approximation (points=1)"
            )
        self.laplace = LaplaceProblem(design, family, offset)
        self.grouping = design.groupings[0]
        nodes, weights = np.polynomial.hermite.hermgauss(points)
        self.nodes = np.sqrt(2) * nodes
        self.log_weights = np.log(weights) + nodes**2 - np.log(np.pi) / 2

    def deviance(self, parameters: Array) -> float:
        """Return -2 log likelihood."""
        extra, beta, theta = self.laplace.split(parameters)
        mode = self.laplace.mode(parameters)
        spread = 1 / np.sqrt(1 + self._curvature(mode.rows.weight, theta[0]))
        effects = mode.effects.first[:, 0] + spread[:, None] * self.nodes  # (levels, nodes)
        fixed = self.laplace.offset + self.laplace.basis @ beta
        scaled = theta[0] * self.grouping.columns * effects[self.grouping.codes]
        logs = self.laplace.family.rows(fixed[:, None] + scaled, extra).log
        totals = np.column_stack(
            [np.bincount(self.grouping.codes, column, self.grouping.count) for column in logs.T]
        )
        terms = totals - effects**2 / 2 + self.log_weights
        return float(-2 * (special.logsumexp(terms, axis=1) + np.log(spread)).sum())

    def _curvature(self, weight: Array, theta: float) -> Array:
        values = weight * self.grouping.columns[:, 0] ** 2
        sums = np.bincount(self.grouping.codes, values, self.grouping.count)
        return np.asarray(theta**2 * sums, dtype=np.float64)

    def objective(self, parameters: Array) -> tuple[float, Array]:
        """Return -2 log likelihood and its gradient by central differences."""
        gradient = np.empty(len(parameters))
        for i in range(len(parameters)):
            step = np.zeros(len(parameters))
            step[i] = STEP
            rise = self.deviance(parameters + step) - self.deviance(parameters - step)
            gradient[i] = rise / (2 * STEP)
        return self.deviance(parameters), gradient
