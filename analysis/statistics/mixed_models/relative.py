"""Relative covariance factors Λ, a lower-triangular matrix of the parameters θ per factor.

The random effects of a level have the covariance φ Λ Λ', where φ is the residual variance (1 in
models without residuals). Λ has a block per random term of the factor. θ contains the free entries
of each block column by column; for uncorrelated effects only the diagonal is free, and effects of
cells share one entry.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.design import Block, Grouping

EMPTY = 1e-4  # diagonal entries below it (relative to the residual) count as zero, as in lme4
# The likelihood is so flat near a singular covariance between cells that a search may end at 0 or
# at .002, depending on the order of the cells; below this limit all of them count as singular.
NEARLY_EMPTY = 0.05


@dataclass(frozen=True)
class Component:
    """Estimated spread of one random term's effects, in the units of the outcome (or the logit).

    `factor` is the term's name. `sds` (q,) belong to `names`; `correlations` is (q, q); `levels` is
    the number of levels, or of observed cells.
    """

    factor: str
    levels: int
    names: tuple[str, ...]
    sds: tuple[float, ...]
    correlations: Array

    @property
    def sd(self) -> float:
        """Return the standard deviation of the intercepts (of the first of `names`)."""
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
        """List the free entries in the order of the groupings, with the parameter of each."""
        self.groupings = tuple(groupings)
        self.entries: list[tuple[int, int, int]] = []
        owners: list[int] = []
        for index, grouping in enumerate(self.groupings):
            for block, first in _with_first(grouping):
                for column in range(first, first + block.width):
                    is_free = block.kind in ("full", "cells")
                    last = first + block.width if is_free else column + 1
                    for row in range(column, last):
                        is_new = block.kind != "tied" or column == first
                        owners.append((owners[-1] if owners else -1) + is_new)
                        self.entries.append((index, row, column))
        self.owners = np.array(owners, dtype=np.intp)
        self.size = owners[-1] + 1 if owners else 0

    @property
    def start(self) -> Array:
        """Return the start of the search: uncorrelated effects half as large as the residual."""
        start = np.zeros(self.size)
        for owner, (_, row, column) in zip(self.owners, self.entries, strict=True):
            start[owner] = 0.5 if row == column else 0.0
        return start

    def parameter(self, name: str) -> int:
        """Return the index of the only θ of the random term called `name`."""
        for index, grouping in enumerate(self.groupings):
            for block, first in _with_first(grouping):
                if block.name == name:
                    return int(self.owners[self.entries.index((index, first, first))])
        raise ValueError(f"no random term {name!r}")

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Return bounds wide enough that 1e4 residual SDs mean no residual at all.

        A column of Λ and its negative are equivalent. A bound at zero would let the search stop
        there, because the gradient vanishes at zero even where the likelihood rises beyond it.
        """
        return [(-1e4, 1e4)] * self.size

    def factors(self, theta: Array) -> list[Array]:
        """Return Λ (q, q) of each grouping."""
        lambdas = [np.zeros((grouping.width, grouping.width)) for grouping in self.groupings]
        for owner, (index, row, column) in zip(self.owners, self.entries, strict=True):
            lambdas[index][row, column] = theta[owner]
        return lambdas

    def collect(self, matrices: Sequence[Array]) -> Array:
        """Return the derivatives by θ, given the derivatives by every entry of each Λ."""
        return self.by_parameter(
            np.array([matrices[index][row, column] for index, row, column in self.entries])
        )

    def by_parameter(self, slopes: Array) -> Array:
        """Return the derivatives by θ, given the derivatives (entries, …) by every free entry."""
        out = np.zeros((self.size, *slopes.shape[1:]))
        np.add.at(out, self.owners, slopes)
        return out

    def second_order(self, theta: Array, by_entry: Sequence[Array]) -> Array:
        """Return the part of the deviance's Hessian by θ that its gradient by ΛΛ' contributes.

        `by_entry` contains the derivatives by every entry of each Λ. With Γ = ∂D/∂(ΛΛ') they are
        2ΓΛ, and the part of the entries (a, b) and (c, d) of a factor is 2Γ_ac if b = d, else 0.
        """
        gammas = [
            np.linalg.solve(factor.T, slope.T).T / 2
            for factor, slope in zip(self.factors(theta), by_entry, strict=True)
        ]
        hessian = np.zeros((len(self.entries), len(self.entries)))
        for k, (i, a, b) in enumerate(self.entries):
            for m, (j, c, d) in enumerate(self.entries):
                if i == j and b == d:
                    hessian[k, m] = gammas[i][a, c] + gammas[i][c, a]
        return self.by_parameter(self.by_parameter(hessian).T)

    def empty(self, theta: Array) -> dict[str, str]:
        """Return the random terms with a singular covariance, each with a sentence on its kind."""
        problems = {}
        for grouping, factor in zip(self.groupings, self.factors(theta), strict=True):
            for block, first in _with_first(grouping):
                own = factor[first : first + block.width, first : first + block.width]
                limit = NEARLY_EMPTY if block.kind == "cells" else EMPTY
                # The smallest singular value does not depend on the order of the effects.
                if np.linalg.svd(own, compute_uv=False)[-1] >= limit:
                    continue
                row = int(np.abs(np.diag(own)).argmin())
                name = "intercept" if block.kind == "tied" else grouping.names[first + row]
                is_zero = np.linalg.norm(own[row]) < limit
                problems[block.name] = (
                    f"the variance of {name} by {block.name} is estimated as zero"
                    if is_zero
                    else f"a correlation of {name} by {block.name} is estimated as ±1"
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
        return tuple(
            _component(grouping, block, first, factor, residual_sd)
            for grouping, factor in zip(self.groupings, self.factors(theta), strict=True)
            for block, first in _with_first(grouping)
        )


def _with_first(grouping: Grouping) -> Iterator[tuple[Block, int]]:
    """Yield the grouping's blocks, each with the position of its first effect."""
    first = 0
    for block in grouping.blocks:
        yield block, first
        first += block.width


def _component(
    grouping: Grouping, block: Block, first: int, factor: Array, residual_sd: float
) -> Component:
    if block.kind == "tied":
        sd = residual_sd * abs(float(factor[first, first]))
        return Component(block.name, block.levels, ("intercept",), (sd,), np.eye(1))
    span = slice(first, first + block.width)
    scaled = residual_sd * factor[span, span] / grouping.scale[span, None]
    covariance = scaled @ scaled.T
    sds = np.sqrt(np.diag(covariance))
    safe = np.where(sds > 0, sds, 1.0)
    correlations = covariance / np.outer(safe, safe)
    names, values = grouping.names[span], tuple(map(float, sds))
    return Component(block.name, block.levels, names, values, correlations)
