"""Block factorisation of M = Λ'Z'WZΛ + I, by level for the largest factor and dense for the rest.

    M = [D   B ]   D is block-diagonal, so its Cholesky factor consists of many tiny factors. The
        [B'  F ]   remainder is the Schur complement F - B'D⁻¹B of size K (all other factors).

This follows the sparse Cholesky factorisation of Bates, Mächler, Bolker & Walker (2015,
doi 10.18637/jss.v067.i01), except that the sparsity is known in advance.
"""

from collections.abc import Sequence

import numpy as np
from scipy import linalg

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.cross_products import Blocks, Crossing, Parts

INVERTIBLE = 1e-3  # smallest diagonal of Λ at which I - M⁻¹ keeps ten significant digits


class Elimination:
    """The factorised M, its log determinant, its solves and the blocks of its inverse."""

    def __init__(self, crossing: Crossing, blocks: Blocks, lambdas: Sequence[Array]) -> None:
        """Factorise M for Z'WZ in `blocks` and one Λ per grouping."""
        self.crossing = crossing
        self.blocks = blocks
        self.lambdas = list(lambdas)
        self.leading = self.lambdas[0] if self.lambdas else np.eye(1)
        self._factorise()

    def _factorise(self) -> None:
        width, dense = self.crossing.width, self.crossing.dense
        within = self.leading.T @ self.blocks.first @ self.leading + np.eye(width)
        cholesky = np.linalg.cholesky(within)
        self._small = np.linalg.inv(cholesky)  # tiny triangles: explicit inverses are safe
        scaled = self.leading.T @ self.right(self.blocks.cross)
        self._half = (self._small @ scaled).reshape(self.crossing.size, dense)
        rest = self.left(self.right(self.blocks.rest)) + np.eye(dense)
        self._schur = np.linalg.cholesky(rest - self._half.T @ self._half)
        diagonals = np.diagonal(cholesky, axis1=1, axis2=2), np.diagonal(self._schur)
        self.log_determinant = float(2 * sum(np.log(part).sum() for part in diagonals))

    def right(self, array: Array) -> Array:
        """Return `array` (…, K) times Λ of the other factors."""
        return times_others(self.crossing, self.lambdas[1:], array)

    def left(self, array: Array) -> Array:
        """Return Λ' of the other factors times `array` (K, m)."""
        return self.right(array.T).T

    def scale(self, parts: Parts) -> Parts:
        """Return Λ' times `parts`, which has a row per random effect."""
        return Parts(self.leading.T @ parts.first, self.left(parts.rest))

    def unscale(self, parts: Parts) -> Parts:
        """Return Λ times `parts`: standardised effects u become effects b."""
        return unscaled(self.crossing, self.lambdas, parts)

    def sandwich(self, inverse: Blocks) -> Blocks:
        """Return ΛM⁻¹Λ' for the pairs of effects that `inverse` contains."""
        turned = [factor.T for factor in self.lambdas[1:]]
        rest = times_others(self.crossing, turned, inverse.rest)
        return Blocks(
            self.leading @ inverse.first @ self.leading.T,
            self.leading @ times_others(self.crossing, turned, inverse.cross),
            times_others(self.crossing, turned, rest.T).T,
        )

    def solve(self, parts: Parts) -> Parts:
        """Return M⁻¹ times `parts`."""
        m = parts.rest.shape[1]
        half = self._small @ parts.first
        rest = parts.rest - self._half.T @ half.reshape(self.crossing.size, m)
        if self.crossing.dense:
            rest = linalg.cho_solve((self._schur, True), rest, check_finite=False)
        back = half - (self._half @ rest).reshape(half.shape)
        return Parts(np.swapaxes(self._small, 1, 2) @ back, rest)

    def inverse(self) -> Blocks:
        """Return M⁻¹ without the pairs of different levels of the first factor (not needed)."""
        dense = self.crossing.dense
        rest = self._schur_inverse()
        upward = np.swapaxes(self._small, 1, 2)
        shape = (self.crossing.count, self.crossing.width, dense)
        bridge = upward @ self._half.reshape(shape)
        cross = -(bridge.reshape(self.crossing.size, dense) @ rest).reshape(shape)
        first = upward @ self._small - cross @ np.swapaxes(bridge, 1, 2)
        return Blocks(first, cross, rest)

    def _schur_inverse(self) -> Array:
        if not self.crossing.dense:
            return np.zeros((0, 0))
        lower = np.tril(linalg.lapack.dpotri(self._schur, lower=1)[0])
        return np.asarray(lower + np.tril(lower, -1).T, dtype=np.float64)

    def log_determinant_slope(self, inverse: Blocks | None = None) -> list[Array]:
        """Return the derivatives of log det M by each entry of each Λ: 2 Σ over levels of Z'WZΛM⁻¹.

        Without `inverse` a shorter route is taken if every Λ is far enough from singular.
        """
        diagonals = [np.abs(np.diag(factor)).min() for factor in self.lambdas]
        if inverse is None and min(diagonals, default=0) > INVERTIBLE:
            return self._slope_by_diagonal()
        return self._slope_by_inverse(inverse or self.inverse())

    def _slope_by_diagonal(self) -> list[Array]:
        """Return the slope from the diagonal blocks of M⁻¹ alone.

        M M⁻¹ = I gives Λ'(Z'WZΛM⁻¹) = I - M⁻¹.
        """
        dense, q = self.crossing.dense, self.crossing.width
        within = np.einsum("lka,lkb->ab", self._small, self._small)
        rest = self._schur_inverse()
        if dense:
            # The other factors enter D's inverse through D⁻¹B(F - B'D⁻¹B)⁻¹B'D⁻¹.
            half = linalg.solve_triangular(
                self._schur, self._half.T, lower=True, check_finite=False
            )
            through = np.swapaxes(self._small, 1, 2) @ half.T.reshape(self.crossing.count, q, dense)
            within = within + np.einsum("lak,lbk->ab", through, through)
        sums = [within]
        for index, grouping in enumerate(self.crossing.others):
            span, width = self.crossing.span(index), grouping.width
            blocks = rest[span, span].reshape(grouping.count, width, grouping.count, width)
            sums.append(np.einsum("lalb->ab", blocks))
        return [
            2 * np.linalg.solve(factor.T, grouping.count * np.eye(grouping.width) - total)
            for grouping, factor, total in zip(
                self.crossing.groupings, self.lambdas, sums, strict=True
            )
        ]

    def _slope_by_inverse(self, inverse: Blocks) -> list[Array]:
        # Each factor's Z'WZΛM⁻¹ has two parts: through the first factor and through the others.
        slopes = []
        if self.lambdas:
            lifted = self.right(self.blocks.cross)
            within = (self.blocks.first @ self.leading @ inverse.first).sum(axis=0)
            slopes.append(2 * (within + np.einsum("lak,lbk->ab", lifted, inverse.cross)))
        shape = (self.crossing.size, self.crossing.dense)
        down = (self.leading.T @ self.blocks.cross).reshape(shape)
        flat = inverse.cross.reshape(shape)
        rest = self.right(self.blocks.rest)
        for index, grouping in enumerate(self.crossing.others):
            span, q = self.crossing.span(index), grouping.width
            through_rest = _by_effect(rest[span], inverse.rest[span], q)
            through_first = down[:, span].reshape(-1, q).T @ flat[:, span].reshape(-1, q)
            slopes.append(2 * (through_rest + through_first))
        return slopes

    def products(self, effects: Parts) -> Parts:
        """Return Z'WZ times effects."""
        m = effects.rest.shape[1]
        flat = self.blocks.cross.reshape(self.crossing.size, self.crossing.dense)
        first = self.blocks.first @ effects.first
        first = first + (flat @ effects.rest).reshape(first.shape)
        rest = self.blocks.rest @ effects.rest + flat.T @ effects.first.reshape(
            self.crossing.size, m
        )
        return Parts(first, rest)


def times_others(crossing: Crossing, factors: Sequence[Array], array: Array) -> Array:
    """Return `array` (…, K) times the block-diagonal matrix of the other groupings' factors.

    `factors` contains one (q, q) matrix per grouping.
    """
    out = np.empty_like(array)
    for index, grouping in enumerate(crossing.others):
        span, q, factor = crossing.span(index), grouping.width, factors[index]
        if q == 1:
            out[..., span] = array[..., span] * factor[0, 0]
            continue
        scaled = array[..., span].reshape(-1, q) @ factor
        out[..., span] = scaled.reshape(*array.shape[:-1], grouping.size)
    return out


def unscaled(crossing: Crossing, lambdas: Sequence[Array], parts: Parts) -> Parts:
    """Return Λ times `parts`, which has a row per random effect, for one Λ per grouping."""
    if not lambdas:
        return parts
    rest = times_others(crossing, [factor.T for factor in lambdas[1:]], parts.rest.T).T
    return Parts(lambdas[0] @ parts.first, rest)


def information_slopes(
    crossing: Crossing, entries: Sequence[tuple[int, int, int]], outer: Parts, solved: Parts
) -> Array:
    """Return the derivatives (entries, m, m) of X'V⁻¹X by entries (factor, row, column) of the Λ.

    `outer` is T = Z'V⁻¹X and `solved` U = Λ'T; each derivative is -Σ over levels of T_row U_column'
    plus its transpose.
    """
    ts, us = crossing.by_factor(outer), crossing.by_factor(solved)
    halves = [ts[index][:, row].T @ us[index][:, column] for index, row, column in entries]
    m = outer.rest.shape[1]
    return np.array([-(half + half.T) for half in halves]).reshape(-1, m, m)


def by_level(crossing: Crossing, a: Parts, b: Parts, middle: Array) -> list[Array]:
    """Return Σ over levels of a `middle` b' per factor, with shape (effects, effects).

    `a` and `b` have m columns, and `middle` has shape (m, m).
    """
    sums = []
    if crossing.groupings:
        sums.append(np.einsum("lam,lbm->ab", a.first @ middle, b.first))
    for index, grouping in enumerate(crossing.others):
        span = crossing.span(index)
        sums.append(_by_effect(a.rest[span] @ middle, b.rest[span], grouping.width))
    return sums


def _by_effect(a: Array, b: Array, q: int) -> Array:
    """Return Σ over levels of a b', with shape (effects, effects)."""
    m = a.shape[1]
    left = a.reshape(-1, q, m).transpose(1, 0, 2).reshape(q, -1)
    right = b.reshape(-1, q, m).transpose(1, 0, 2).reshape(q, -1)
    product: Array = left @ right.T
    return product
