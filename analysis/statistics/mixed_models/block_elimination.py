"""Block factorisation of M = Λ'Z'WZΛ + I, by level for the largest factor and dense for the rest.

    M = [D   B ]   D is block-diagonal, so its Cholesky factor consists of many tiny factors. The
        [B'  F ]   remainder is the Schur complement F - B'D⁻¹B of size K (all other factors).

This follows the sparse Cholesky factorisation of Bates, Mächler, Bolker & Walker (2015,
doi 10.18637/jss.v067.i01), except that the sparsity is known in advance.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg, sparse

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
        self._half: Any  # L₁⁻¹ Λ'BΛ of the block of D, with shape (L q, K)
        self._factorise()

    def _factorise(self) -> None:
        width, dense = self.crossing.width, self.crossing.dense
        within = self.leading.T @ self.blocks.first @ self.leading + np.eye(width)
        cholesky = np.linalg.cholesky(within)
        self._small = np.linalg.inv(cholesky)  # tiny triangles: explicit inverses are safe
        self._half = self._halved()
        rest = self.left(self.right(self.blocks.rest)) + np.eye(dense)
        self._schur = np.linalg.cholesky(rest - self._square(self._half))
        diagonals = np.diagonal(cholesky, axis1=1, axis2=2), np.diagonal(self._schur)
        self.log_determinant = float(2 * sum(np.log(part).sum() for part in diagonals))

    def _halved(self) -> Any:
        scaled = self.leading.T @ self.right(self.blocks.cross)
        return (self._small @ scaled).reshape(self.crossing.size, self.crossing.dense)

    def _square(self, half: Any) -> Array:
        """Return half' half (K, K)."""
        square: Array = half.T @ half
        return square

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
        # LAPACK reads columns, so the lower factor in rows is an upper factor that needs no copy.
        upper = linalg.lapack.dpotri(self._schur.T, lower=0)[0]
        inverse: Array = upper + upper.T
        np.fill_diagonal(inverse, np.diag(upper))
        return inverse

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
        within = np.einsum("lka,lkb->ab", self._small, self._small)
        rest = self._schur_inverse()
        if self.crossing.dense:
            within = within + self._through_others(rest)
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

    def _through_others(self, rest: Array) -> Array:
        """Return Σ over levels of D⁻¹B(F - B'D⁻¹B)⁻¹B'D⁻¹, by which others enter D's inverse.

        `rest` is (F - B'D⁻¹B)⁻¹, which the sparse form of this method needs.
        """
        half = linalg.solve_triangular(self._schur, self._half.T, lower=True, check_finite=False)
        shape = (self.crossing.count, self.crossing.width, self.crossing.dense)
        through = np.swapaxes(self._small, 1, 2) @ half.T.reshape(shape)
        total: Array = np.einsum("lak,lbk->ab", through, through)
        return total

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
        flat = self._flat_cross()
        first = self.blocks.first @ effects.first
        first = first + (flat @ effects.rest).reshape(first.shape)
        rest = self.blocks.rest @ effects.rest + flat.T @ effects.first.reshape(
            self.crossing.size, m
        )
        return Parts(first, rest)

    def _flat_cross(self) -> Any:
        return self.blocks.cross.reshape(self.crossing.size, self.crossing.dense)


class SparseElimination(Elimination):
    """The factorised M if most pairs of levels never meet: B is a sparse matrix (L q, K)."""

    def _halved(self) -> Any:
        scaled = _times_others_sparse(self.crossing, self.lambdas[1:], self.blocks.cross)
        return self._by_level(self._small @ self.leading.T, scaled)

    def _square(self, half: Any) -> Array:
        square: Array = (half.T.tocsr() @ half).toarray()
        return square

    def _flat_cross(self) -> Any:
        return self.blocks.cross

    def _by_level(self, factors: Array, matrix: Any) -> Any:
        """Return a sparse matrix (L q, K), each level's rows multiplied by its (q, q) factor."""
        if self.crossing.width == 1:
            lengths = np.diff(matrix.indptr)
            return _with_entries(matrix, matrix.data * np.repeat(factors.ravel(), lengths))
        levels = np.arange(self.crossing.count + 1)
        return sparse.bsr_array((factors, levels[:-1], levels)).tocsr() @ matrix

    def _bridge(self) -> Any:
        """Return D⁻¹B in units of the standardised effects, with shape (L q, K)."""
        return self._by_level(np.ascontiguousarray(np.swapaxes(self._small, 1, 2)), self._half)

    def inverse(self) -> Blocks:
        """Return M⁻¹ without the pairs of different levels of the first factor (not needed)."""
        q, dense = self.crossing.width, self.crossing.dense
        rest, bridge = self._schur_inverse(), self._bridge()
        cross = -(bridge @ rest)
        first = np.swapaxes(self._small, 1, 2) @ self._small
        for b in range(q):
            part = bridge[b::q]
            for a in range(q):
                first[:, a, b] -= _row_sums(part, cross[a::q])
        return Blocks(first, cross.reshape(self.crossing.count, q, dense), rest)

    def _through_others(self, rest: Array) -> Array:
        q, bridge = self.crossing.width, self._bridge()
        parts = [bridge[a::q] for a in range(q)]
        total = np.empty((q, q))
        for a in range(q):
            for b in range(a + 1):
                square = (parts[a].T.tocsr() @ parts[b]).tocsr()
                total[a, b] = total[b, a] = _row_sums(square, rest).sum()
        return total

    def _slope_by_inverse(self, inverse: Blocks) -> list[Array]:
        q, dense = self.crossing.width, self.crossing.dense
        lifted = _times_others_sparse(self.crossing, self.lambdas[1:], self.blocks.cross)
        flat = inverse.cross.reshape(self.crossing.size, dense)
        within = (self.blocks.first @ self.leading @ inverse.first).sum(axis=0)
        through = [[_row_sums(lifted[a::q], flat[b::q]).sum() for b in range(q)] for a in range(q)]
        slopes = [2 * (within + np.array(through))]
        down = self._by_level(
            np.broadcast_to(self.leading.T, (self.crossing.count, q, q)), self.blocks.cross
        )
        # Columns are taken apart by effect, so that each product is over matching levels.
        rest, columns = self.right(self.blocks.rest), down.tocsc()
        for index, grouping in enumerate(self.crossing.others):
            span, width = self.crossing.span(index), grouping.width
            places = np.arange(span.start, span.stop)
            parts = [columns[:, places[a::width]].tocsr() for a in range(width)]
            through_first = [
                [_row_sums(part, flat[:, places[b::width]]).sum() for b in range(width)]
                for part in parts
            ]
            through_rest = _by_effect(rest[span], inverse.rest[span], width)
            slopes.append(2 * (through_rest + np.array(through_first)))
        return slopes


def eliminate(crossing: Crossing, blocks: Blocks, lambdas: Sequence[Array]) -> Elimination:
    """Factorise M, by sparse products if most pairs of levels never meet."""
    kind = SparseElimination if crossing.is_sparse else Elimination
    return kind(crossing, blocks, lambdas)


def _with_entries(matrix: Any, entries: Array) -> Any:
    return sparse.csr_array((entries, matrix.indices, matrix.indptr), shape=matrix.shape)


def _row_sums(matrix: Any, array: Array) -> Array:
    """Return the sum over each row of a sparse matrix times an array, entry by entry."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    products = matrix.data * array[rows, matrix.indices]
    return np.bincount(rows, products, matrix.shape[0]).astype(np.float64)


def _times_others_sparse(crossing: Crossing, factors: Sequence[Array], matrix: Any) -> Any:
    """Return a sparse `matrix` (…, K) times the block-diagonal matrix of the others' factors."""
    pairs = list(zip(crossing.others, factors, strict=True))
    if all(grouping.width == 1 for grouping in crossing.others):
        scale = np.concatenate([np.full(g.count, factor[0, 0]) for g, factor in pairs])
        return _with_entries(matrix, matrix.data * scale[matrix.indices])
    blocks = [sparse.kron(sparse.eye_array(g.count), factor) for g, factor in pairs]
    return matrix @ sparse.block_diag(blocks, format="csr")


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
