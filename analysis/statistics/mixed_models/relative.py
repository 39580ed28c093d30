"""Relative covariance factors Λ, a lower-triangular matrix of the parameters θ per factor.

The random effects of a level have the covariance φ Λ Λ', where φ is the residual variance (1 in
models without residuals). θ contains the free entries of Λ column by column; for uncorrelated
effects only the diagonal is free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.design import Grouping

EMPTY = 1e-4  # diagonal entries below it (relative to the residual) count as zero, as in lme4


@dataclass(frozen=True)
class Component:
    """Estimated spread of one factor's effects, in the units of the outcome (or of the logit).

    `sds` (q,) belong to `names`; `correlations` is (q, q); `levels` is the number of levels.
    """

    factor: str
    levels: int
    names: tuple[str, ...]
    sds: tuple[float, ...]
    correlations: Array

    @property
    def sd(self) -> float:
        """Return the standard deviation of the intercepts."""
        return self.sds[0]


def effect_tables(
    groupings: Sequence[Grouping], effects: Sequence[Array]
) -> Mapping[str, pd.DataFrame]:
    """Return predicted effects per factor, with a row per level and a column per effect."""
    return {
        grouping.factor: pd.DataFrame(values, list(grouping.levels), list(grouping.names))
        for grouping, values in zip(groupings, effects, strict=True)
    }


class Relative:
    """Mapping between the parameters θ and the entries of the factors Λ."""

    def __init__(self, groupings: Sequence[Grouping]) -> None:
        """List the free entries in the order of the groupings."""
        self.groupings = tuple(groupings)
        self.entries = [
            (index, row, column)
            for index, grouping in enumerate(groupings)
            for column in range(grouping.width)
            for row in range(column, grouping.width)
            if row == column or grouping.correlated
        ]

    @property
    def start(self) -> Array:
        """Return the start of the search: uncorrelated effects half as large as the residual."""
        return np.array([0.5 if row == column else 0.0 for _, row, column in self.entries])

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Return bounds wide enough that 1e4 residual SDs mean no residual at all.

        A column of Λ and its negative are equivalent. A bound at zero would let the search stop
        there, because the gradient vanishes at zero even where the likelihood rises beyond it.
        """
        return [(-1e4, 1e4)] * len(self.entries)

    def factors(self, theta: Array) -> list[Array]:
        """Return Λ (q, q) of each grouping."""
        lambdas = [np.zeros((grouping.width, grouping.width)) for grouping in self.groupings]
        for value, (index, row, column) in zip(theta, self.entries, strict=True):
            lambdas[index][row, column] = value
        return lambdas

    def collect(self, matrices: Sequence[Array]) -> Array:
        """Return the derivatives by θ, given the derivatives by every entry of each Λ."""
        return np.array([matrices[index][row, column] for index, row, column in self.entries])

    def empty(self, theta: Array) -> dict[str, str]:
        """Return the factors with a singular covariance, each with a sentence on its kind."""
        problems = {}
        for grouping, factor in zip(self.groupings, self.factors(theta), strict=True):
            for row in np.flatnonzero(np.abs(np.diag(factor)) < EMPTY):
                name = grouping.names[row]
                is_zero = np.linalg.norm(factor[row]) < EMPTY
                problems[grouping.factor] = (
                    f"the variance of {name} by {grouping.factor} is estimated as zero"
                    if is_zero
                    else f"a correlation of {name} by {grouping.factor} is estimated as ±1"
                )
        return problems

    def effects(self, theta: Array, standardised: Sequence[Array]) -> list[Array]:
        """Return each factor's effects b (levels, effects) from u, for the original columns."""
        return [
            u[:, :, 0] @ factor.T / grouping.scale
            for u, factor, grouping in zip(
                standardised, self.factors(theta), self.groupings, strict=True
            )
        ]

    def components(self, theta: Array, residual_sd: float = 1.0) -> tuple[Component, ...]:
        """Return standard deviations and correlations in the units of the original columns."""
        pairs = zip(self.groupings, self.factors(theta), strict=True)
        return tuple(_component(grouping, factor, residual_sd) for grouping, factor in pairs)


def _component(grouping: Grouping, factor: Array, residual_sd: float) -> Component:
    scaled = residual_sd * factor / grouping.scale[:, None]
    covariance = scaled @ scaled.T
    sds = np.sqrt(np.diag(covariance))
    safe = np.where(sds > 0, sds, 1.0)
    correlations = covariance / np.outer(safe, safe)
    return Component(
        grouping.factor, grouping.count, grouping.names, tuple(map(float, sds)), correlations
    )
