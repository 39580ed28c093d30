"""The relative covariance factors Λ: parameters θ ↔ one lower-triangular matrix per factor.

The random effects of a level have the covariance φ Λ Λ', φ the residual variance (1 in models
without one). θ holds the entries of Λ that are free, column by column; only the diagonal where
the effects are uncorrelated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.groupings import Grouping

EMPTY = 1e-4  # relative to the residual: a diagonal entry below it counts as zero (as in lme4)


@dataclass(frozen=True)
class Component:
    """Estimated spread of one factor's effects, in the units of the outcome (or of the logit).

    `sds` (q,) belong to `names`; `correlations` (q, q). `levels`: how many levels the factor has.
    """

    factor: str
    levels: int
    names: tuple[str, ...]
    sds: tuple[float, ...]
    correlations: Array

    @property
    def sd(self) -> float:
        """The intercept's standard deviation."""
        return self.sds[0]


def effect_tables(
    groupings: Sequence[Grouping], effects: Sequence[Array]
) -> Mapping[str, pd.DataFrame]:
    """Predicted effects per factor, a row per level and a column per effect."""
    return {
        grouping.factor: pd.DataFrame(own, list(grouping.levels), list(grouping.names))
        for grouping, own in zip(groupings, effects, strict=True)
    }


class Relative:
    """Which entry of which Λ each parameter is."""

    def __init__(self, groupings: Sequence[Grouping]) -> None:
        """Parameters stand in the order of the groupings."""
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
        """Where the search begins: effects half as large as the residual, uncorrelated."""
        return np.array([0.5 if row == column else 0.0 for _, row, column in self.entries])

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """1e4 residual SDs mean that there is no residual.

        A column of Λ and its negative are the same model. A bound at zero would only invite the
        search to land on it, where the gradient vanishes whatever lies behind.
        """
        return [(-1e4, 1e4)] * len(self.entries)

    def factors(self, theta: Array) -> list[Array]:
        """Λ (q, q) of each grouping."""
        lambdas = [np.zeros((grouping.width, grouping.width)) for grouping in self.groupings]
        for value, (index, row, column) in zip(theta, self.entries, strict=True):
            lambdas[index][row, column] = value
        return lambdas

    def collect(self, matrices: Sequence[Array]) -> Array:
        """From derivatives by every entry of each Λ, those by θ."""
        return np.array([matrices[index][row, column] for index, row, column in self.entries])

    def empty(self, theta: Array) -> dict[str, str]:
        """Factors whose covariance is singular, with a sentence that says how."""
        found = {}
        for grouping, factor in zip(self.groupings, self.factors(theta), strict=True):
            for row in np.flatnonzero(np.abs(np.diag(factor)) < EMPTY):
                name = grouping.names[row]
                own = np.linalg.norm(factor[row]) < EMPTY
                found[grouping.factor] = (
                    f"the variance of {name} by {grouping.factor} is estimated as zero"
                    if own
                    else f"a correlation of {name} by {grouping.factor} is estimated as ±1"
                )
        return found

    def effects(self, theta: Array, standardised: Sequence[Array]) -> list[Array]:
        """Effects b (L, q) from u (L, q, 1) per factor, for the columns as they were given."""
        return [
            own[:, :, 0] @ factor.T / grouping.scale
            for own, factor, grouping in zip(
                standardised, self.factors(theta), self.groupings, strict=True
            )
        ]

    def components(self, theta: Array, residual_sd: float = 1.0) -> tuple[Component, ...]:
        """Standard deviations and correlations on the scale of the columns as they were given."""
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
