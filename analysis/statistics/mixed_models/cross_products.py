"""Cross products of crossed grouping factors, in blocks.

Effects of the first (largest) factor occur together only within a level, so their part of Z'WZ
is block-diagonal, with a small block per level. All other factors share a dense block.

    Z'WZ = [first   cross]     first (L, q, q): a block per level of the first factor
           [cross'  rest ]     cross (L, q, K), rest (K, K): K effects of all other factors

Where only a few pairs of levels meet in a row, as with thousands of images of which each person
sees thirty, `cross` is a sparse matrix (L q, K) instead.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from analysis.statistics.mixed_models.arrays import Array, Codes
from analysis.statistics.mixed_models.design import Grouping

SPARSE_FILL = 0.1  # share of pairs of levels that meet, below which `cross` is sparse
SPARSE_SIZE = 50_000  # entries of `cross` below which dense products are faster in any case


@dataclass(frozen=True)
class Parts:
    """An array with one row per random effect: `first` (L, q, m) and `rest` (K, m)."""

    first: Array
    rest: Array


@dataclass(frozen=True)
class Blocks:
    """The blocks of Z'WZ, whose shapes the module docstring gives."""

    first: Array
    cross: Any  # array or scipy.sparse.csr_array
    rest: Array


class Crossing:
    """Sums over rows, by level and by pair of levels, for any row weights."""

    def __init__(self, groupings: tuple[Grouping, ...], rows: int) -> None:
        """Index the pairs of levels.

        Groupings come with the largest first, and there may be none.
        """
        self.rows = rows
        self.groupings = groupings
        self.others = groupings[1:]
        self.count = groupings[0].count if groupings else 0
        self.width = groupings[0].width if groupings else 1
        self.size = self.count * self.width
        sizes = [grouping.size for grouping in self.others]
        self.offsets = [int(offset) for offset in np.cumsum([0, *sizes])]
        self.dense = self.offsets[-1]
        self._pairs: dict[tuple[int, int], Codes] = {
            (i, j): a.codes * b.count + b.codes
            for i, a in enumerate(groupings)
            for j, b in enumerate(groupings)
            if i < j
        }
        self._meetings = [
            np.unique(self._pairs[0, j], return_inverse=True)
            if self.size * self.dense > SPARSE_SIZE
            else (np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp))
            for j in range(1, len(groupings))
        ]
        met = sum(
            len(pairs) * self.width * b.width
            for (pairs, _), b in zip(self._meetings, self.others, strict=True)
        )
        self.is_sparse = bool(
            self.size * self.dense > SPARSE_SIZE and met < SPARSE_FILL * self.size * self.dense
        )
        if self.is_sparse:
            self._index_entries()

    def span(self, index: int) -> slice:
        """Return the positions of the effects of `others[index]` among the K."""
        return slice(self.offsets[index], self.offsets[index + 1])

    def products(self, weights: Array | None = None) -> Blocks:
        """Return Z'WZ for row weights (rows,).

        None means unit weights.
        """
        first = self._within(self.groupings[0], weights) if self.groupings else _no_blocks()
        cross = self._sparse_cross(weights) if self.is_sparse else self._dense_cross(weights)
        rest = np.zeros((self.dense, self.dense))
        for j, b in enumerate(self.others):
            within = self._within(b, weights)
            block = np.zeros((b.count, b.width, b.count, b.width))
            block[np.arange(b.count), :, np.arange(b.count), :] = within
            rest[self.span(j), self.span(j)] = block.reshape(b.size, b.size)
            for k in range(j + 1, len(self.others)):
                met = self._between(j + 1, k + 1, weights).reshape(b.size, -1)
                rest[self.span(j), self.span(k)] = met
                rest[self.span(k), self.span(j)] = met.T
        return Blocks(first, cross, rest)

    def _dense_cross(self, weights: Array | None) -> Array:
        cross = np.zeros((self.count, self.width, self.dense))
        for j, b in enumerate(self.others):
            met = self._between(0, j + 1, weights)
            cross[:, :, self.span(j)] = met.reshape(self.count, self.width, b.size)
        return cross

    def _index_entries(self) -> None:
        """Lay out the entries of a sparse `cross`, which do not depend on the weights."""
        rows, columns = [], []
        for index, ((pairs, _), b) in enumerate(zip(self._meetings, self.others, strict=True)):
            level, other = np.divmod(pairs, b.count)
            for i in range(self.width):
                for j in range(b.width):
                    rows.append(level * self.width + i)
                    columns.append(self.offsets[index] + other * b.width + j)
        row, column = np.concatenate(rows), np.concatenate(columns)
        self._order = np.lexsort((column, row))
        self._columns = column[self._order]
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=self.size))])

    def _sparse_cross(self, weights: Array | None) -> Any:
        """Return `cross` (L q, K) of the pairs of levels that meet (`_index_entries`)."""
        a = self.groupings[0]
        sums = []
        for (pairs, places), b in zip(self._meetings, self.others, strict=True):
            for i in range(a.width):
                left = _weighted(a.columns[:, i], weights)
                for j in range(b.width):
                    sums.append(np.bincount(places, left * b.columns[:, j], len(pairs)))
        entries = np.concatenate(sums)[self._order]
        return sparse.csr_array(
            (entries, self._columns, self._starts), shape=(self.size, self.dense)
        )

    def gather(self, columns: Array) -> Parts:
        """Return Z'C for columns C (rows, m)."""
        parts = [self._sums(grouping, columns) for grouping in self.groupings]
        first = parts[0] if parts else np.zeros((0, 1, columns.shape[1]))
        rest = [part.reshape(-1, columns.shape[1]) for part in parts[1:]]
        return Parts(first, np.concatenate(rest) if rest else np.zeros((0, columns.shape[1])))

    def by_factor(self, parts: Parts) -> list[Array]:
        """Return `parts` split by grouping, each with shape (levels, effects, columns)."""
        rest = [
            parts.rest[self.span(index)].reshape(grouping.count, grouping.width, -1)
            for index, grouping in enumerate(self.others)
        ]
        return [parts.first, *rest] if self.groupings else []

    def spread(self, effects: Parts) -> Array:
        """Return Z b (rows,) for effects b with one column."""
        total = np.zeros(self.rows)
        if self.groupings:
            total += _spread(self.groupings[0], effects.first[:, :, 0])
        for index, grouping in enumerate(self.others):
            b = effects.rest[self.span(index), 0].reshape(grouping.count, grouping.width)
            total += _spread(grouping, b)
        return total

    def quadratic(self, blocks: Blocks) -> Array:
        """Return diag(Z B Z') (rows,) of a symmetric B.

        `blocks` contains the entries needed.
        """
        if not self.groupings:
            return np.zeros(self.rows)
        a = self.groupings[0]
        total: Array = np.einsum("na,nab,nb->n", a.columns, blocks.first[a.codes], a.columns)
        for j, b in enumerate(self.others):
            cross = blocks.cross[:, :, self.span(j)].reshape(a.count, a.width, b.count, b.width)
            total += 2 * self._bilinear(a, cross, b)
            for k, c in enumerate(self.others[j:], start=j):
                block = blocks.rest[self.span(j), self.span(k)]
                block = block.reshape(b.count, b.width, c.count, c.width)
                # B is symmetric, so an off-diagonal block counts twice.
                total += (1 if k == j else 2) * self._bilinear(b, block, c)
        return total

    @staticmethod
    def _bilinear(a: Grouping, block: Array, b: Grouping) -> Array:
        total = np.zeros(len(a.codes))
        for i in range(a.width):
            for j in range(b.width):
                total += a.columns[:, i] * block[a.codes, i, b.codes, j] * b.columns[:, j]
        return total

    @staticmethod
    def _within(grouping: Grouping, weights: Array | None) -> Array:
        """Return the blocks of Z'WZ within each level of one factor.

        The array has shape (levels, effects, effects).
        """
        q = grouping.width
        out = np.empty((grouping.count, q, q))
        for i in range(q):
            left = _weighted(grouping.columns[:, i], weights)
            for j in range(i + 1):
                values = left * grouping.columns[:, j]
                out[:, i, j] = np.bincount(grouping.codes, values, grouping.count)
                out[:, j, i] = out[:, i, j]
        return out

    def _between(self, first: int, second: int, weights: Array | None) -> Array:
        """Return Z₁'WZ₂ of two factors, with shape (levels₁, effects₁, levels₂, effects₂)."""
        a, b = self.groupings[first], self.groupings[second]
        pairs = self._pairs[first, second]
        out = np.empty((a.count, a.width, b.count, b.width))
        for i in range(a.width):
            left = _weighted(a.columns[:, i], weights)
            for j in range(b.width):
                values = left * b.columns[:, j]
                sums = np.bincount(pairs, values, a.count * b.count)
                out[:, i, :, j] = sums.reshape(a.count, b.count)
        return out

    @staticmethod
    def _sums(grouping: Grouping, columns: Array) -> Array:
        out = np.empty((grouping.count, grouping.width, columns.shape[1]))
        for i in range(grouping.width):
            for m in range(columns.shape[1]):
                values = grouping.columns[:, i] * columns[:, m]
                out[:, i, m] = np.bincount(grouping.codes, values, grouping.count)
        return out


def _spread(grouping: Grouping, effects: Array) -> Array:
    total: Array = (effects[grouping.codes] * grouping.columns).sum(axis=1)
    return total


def _weighted(column: Array, weights: Array | None) -> Array:
    return column if weights is None else column * weights


def _no_blocks() -> Array:
    return np.zeros((0, 1, 1))
