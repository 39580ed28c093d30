"""Design of a mixed model, with named numeric columns for the terms and groupings for random terms.

The design is checked once, when it is built.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np
import pandas as pd

from analysis.statistics.mixed_models.arrays import Array, Codes
from analysis.statistics.mixed_models.errors import (
    DesignError,
    TooManyEffectsError,
    examples,
)
from analysis.statistics.mixed_models.specification import (
    Categorical,
    Coding,
    MixedModel,
    Numeric,
    Random,
    Term,
)

MOST_DENSE = 4000  # limit of random effects outside the largest factor; their matrix is dense
DEPENDENT = 1e-9  # relative distance to the span of other columns below which a column depends


def term_columns(
    table: pd.DataFrame, term: Term, coding: Coding | None = None
) -> tuple[Array, tuple[str, ...]]:
    """Return the columns (rows, k) of a term and their names.

    `coding` overrides the coding of every factor.
    """
    if isinstance(term, Numeric):
        return numbers(table, term.column)[:, None], (term.column,)
    if isinstance(term, Categorical):
        return _factor_columns(table, term, coding or term.coding)
    parts = [term_columns(table, part, coding) for part in term.of]
    return reduce(_products, parts)


def _products(
    a: tuple[Array, tuple[str, ...]], b: tuple[Array, tuple[str, ...]]
) -> tuple[Array, tuple[str, ...]]:
    columns = (a[0][:, :, None] * b[0][:, None, :]).reshape(len(a[0]), -1)
    return columns, tuple(f"{left}:{right}" for left in a[1] for right in b[1])


def _factor_columns(
    table: pd.DataFrame, term: Categorical, coding: Coding
) -> tuple[Array, tuple[str, ...]]:
    codes, labels = factor_codes(table, term.column, term.levels)
    k = len(labels)
    names = tuple(f"{term.column}[{label}]" for label in labels)
    if coding == "cells":
        return np.eye(k)[codes], names
    if coding == "treatment":
        return np.eye(k)[codes][:, 1:], names[1:]
    contrasts = np.vstack([np.eye(k - 1), -np.ones(k - 1)])
    return contrasts[codes], names[:-1]


def numbers(table: pd.DataFrame, column: str) -> Array:
    """Return a column as finite floats. Raises DesignError for text, missing or infinite values."""
    values = pd.to_numeric(complete(table, column), errors="coerce").to_numpy(dtype=float)
    bad = ~np.isfinite(values)
    if bad.any():
        raise DesignError(
            f"column {column} must contain finite numbers, but contains "
            f"{examples(table.loc[bad, column])} in {int(bad.sum())} of {len(table)} rows; correct "
            "these rows, or declare the column Categorical"
        )
    return values


def factor_codes(
    table: pd.DataFrame, column: str, levels: tuple[str | int | float, ...] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return codes 0, 1, … for a column and the labels they represent.

    Raises DesignError for unknown labels, levels without rows, or fewer than two levels.
    """
    values = complete(table, column)
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = levels or tuple(values.cat.remove_unused_categories().cat.categories)
        values = values.astype(values.cat.categories.dtype)
    order = pd.Index(levels if levels is not None else _sorted(column, values))
    codes = order.get_indexer(pd.Index(values))
    _check_levels(column, order, codes, values)
    return codes, tuple(str(level) for level in order)


def _sorted(column: str, values: pd.Series) -> list[str | int | float]:
    try:
        return sorted(values.unique())
    except TypeError as error:
        raise DesignError(
            f"column {column} contains text and numbers, which have no common order; convert it "
            "to text"
        ) from error


def _check_levels(column: str, order: pd.Index, codes: np.ndarray, values: pd.Series) -> None:
    unknown = codes < 0
    if unknown.any():
        raise DesignError(
            f"column {column} contains {examples(values[unknown])}, but its levels are "
            f"{', '.join(map(str, order))}; add the missing levels or remove these rows"
        )
    counts = np.bincount(codes, minlength=len(order))
    empty = [str(level) for level, count in zip(order, counts, strict=True) if not count]
    if empty:
        raise DesignError(
            f"column {column} has no rows with {', '.join(empty)}; remove levels without rows from "
            "the model"
        )
    if len(order) < 2:
        raise DesignError(
            f"column {column} has only one level, {', '.join(map(str, order))}; remove the column "
            "from the model"
        )


def complete(table: pd.DataFrame, column: str) -> pd.Series:
    """Return the column. Raises DesignError if it is absent or has missing values.

    Rows with missing values are not dropped here, because dropping them is an analysis decision.
    """
    if column not in table.columns:
        raise DesignError(
            f"the table has no column {column!r}; name one of {', '.join(map(str, table))}"
        )
    missing = int(table[column].isna().sum())
    if missing:
        raise DesignError(
            f"column {column} is missing in {missing} of {len(table)} rows; remove these rows "
            "before the fit and report their number"
        )
    return table[column]


@dataclass(frozen=True)
class Block:
    """The random effects of one random term among the effects of its factor.

    `name` is the term's. `kind` is the covariance matrix of the `width` effects of a level:
    unconstrained ("full", or "cells" between indicators of cells), diagonal, or one variance for
    all ("tied"). `levels` counts the units that the
    term's variance is estimated from: levels of the factor, or observed cells. `observed` counts
    the effects that the rows can distinguish.
    """

    name: str
    kind: Literal["full", "cells", "diagonal", "tied"]
    width: int
    levels: int
    observed: int


@dataclass(frozen=True)
class Grouping:
    """A grouping factor with L levels and q random effects per level, in a block per random term.

    `codes` (rows,) contains each row's level; `columns` (rows, q) the random effects' covariates
    divided by `scale` (q,), their root mean square (1 for indicators of cells), so that all θ are
    of similar size for the optimiser. Terms of one factor share a grouping, so that nested effects,
    such as participant and participant:condition, need no dense matrix between them.
    """

    factor: str
    names: tuple[str, ...]
    levels: tuple[str, ...]
    codes: Codes
    columns: Array
    scale: Array
    blocks: tuple[Block, ...]

    @property
    def count(self) -> int:
        """Return L, the number of levels."""
        return len(self.levels)

    @property
    def width(self) -> int:
        """Return q, the number of random effects per level."""
        return int(self.columns.shape[1])

    @property
    def size(self) -> int:
        """Return L q, the number of random effects of the factor."""
        return self.count * self.width


def build_grouping(table: pd.DataFrame, terms: Sequence[Random]) -> Grouping:
    """Return the grouping of all random terms of one factor.

    Raises DesignError if the factor has too few levels, TooManyEffectsError if it has too few for
    the slopes.
    """
    codes, levels = factor_codes(table, terms[0].factor)
    parts = [_block(table, term, codes, levels) for term in terms]
    return Grouping(
        terms[0].factor,
        tuple(name for _, names, _, _ in parts for name in names),
        levels,
        codes,
        np.column_stack([columns / scale for columns, _, scale, _ in parts]),
        np.concatenate([scale for _, _, scale, _ in parts]),
        tuple(block for _, _, _, block in parts),
    )


def _block(
    table: pd.DataFrame, term: Random, codes: Codes, levels: tuple[str, ...]
) -> tuple[Array, tuple[str, ...], Array, Block]:
    """Return the columns (rows, width) of a random term, their names, their scale, and its block.

    The columns are not yet divided by the scale.
    """
    if term.cells:
        return _cells(table, term, codes)
    parts = [term_columns(table, slope) for slope in term.slopes]
    intercept = [np.ones((len(table), 1))] if term.intercept else []
    columns = np.column_stack([*intercept, *(part[0] for part in parts)])
    names = (*(["intercept"] * term.intercept), *(name for part in parts for name in part[1]))
    if len(levels) <= len(names):
        raise TooManyEffectsError(
            (term.name,),
            f"{term.factor} has {len(levels)} levels for {len(names)} random effects per level, "
            "but needs more levels than effects; remove slopes, or make it a fixed term",
        )
    scale = np.sqrt((columns**2).mean(axis=0))
    if (scale == 0).any():
        raise TooManyEffectsError(
            (term.name,),
            f"a random slope of {term.factor} is zero in every row; remove this slope",
        )
    observed = len(levels) * len(names)
    if not term.intercept:
        # An indicator's effect is the SD of a cell, which needs no scale.
        scale = np.ones(len(names))
        observed = len(np.unique(codes * len(names) + columns.argmax(axis=1)))
    kind: Literal["full", "cells", "diagonal"] = "full" if term.correlated else "diagonal"
    if term.is_full:
        kind = "cells"
    return columns, names, scale, Block(term.name, kind, len(names), len(levels), observed)


def _cells(
    table: pd.DataFrame, term: Random, codes: Codes
) -> tuple[Array, tuple[str, ...], Array, Block]:
    terms = tuple(Categorical(column, coding="cells") for column in term.cells)
    parts = [term_columns(table, part) for part in terms]
    columns, names = reduce(_products, parts)
    occurs = columns.any(axis=0)  # a combination without rows has no effect
    columns, names = columns[:, occurs], tuple(np.array(names)[occurs])
    width = len(names)
    observed = len(np.unique(codes * width + columns.argmax(axis=1)))
    return columns, names, np.ones(width), Block(term.name, "tied", width, observed, observed)


def check_groupings(groupings: tuple[Grouping, ...], repeated_rows: bool) -> None:
    """Check that the data can separate the factors from each other and from the residual.

    `repeated_rows` is True if an effect per row would be confounded with the residual. Raises
    DesignError, which names the factor and the cure.
    """
    # An effect per row would absorb the residual, and two identical groupings each other.
    for grouping in groupings:
        for block in grouping.blocks:
            if repeated_rows and block.observed >= len(grouping.codes):
                raise TooManyEffectsError(
                    (block.name,),
                    f"{block.name} has {block.observed} random effects for {len(grouping.codes)} "
                    "rows, so they are confounded with the residual; collect more rows per level, "
                    "or remove slopes or the factor",
                )
    for index, a in enumerate(groupings):
        for b in groupings[index + 1 :]:
            pairs = len(np.unique(a.codes * b.count + b.codes))
            if pairs == a.count == b.count:
                raise DesignError(
                    f"{a.factor} and {b.factor} group the rows identically; keep only one of them"
                )
    dense = sum(g.size for g in groupings) - max((g.size for g in groupings), default=0)
    if dense > MOST_DENSE:
        raise DesignError(
            f"the factors other than the largest have {dense} random effects together, but at "
            f"most {MOST_DENSE} are supported; remove slopes or a factor"
        )


@dataclass(frozen=True)
class FixedDesign:
    """Fixed-effects matrix (rows, p), its column names, and the columns of each term."""

    matrix: Array
    names: tuple[str, ...]
    terms: Mapping[str, slice]


@dataclass(frozen=True)
class Design:
    """Fixed part and groupings (largest first), which is all a fit needs next to the outcome."""

    fixed: FixedDesign
    groupings: tuple[Grouping, ...]

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return len(self.fixed.matrix)


def build_design(
    table: pd.DataFrame, model: MixedModel, *, intercept: bool = True, repeated_rows: bool = True
) -> Design:
    """Return the design of `model` for `table`. Raises DesignError with the fault and the cure."""
    if not len(table):
        raise DesignError("the table has no rows; check how its rows were selected")
    table = table.reset_index(drop=True)
    fixed = fixed_design(table, model, intercept=intercept)
    check_rank(fixed)
    factors = dict.fromkeys(term.factor for term in model.random)
    groupings = [
        build_grouping(table, [term for term in model.random if term.factor == factor])
        for factor in factors
    ]
    groupings.sort(key=lambda grouping: -grouping.size)
    check_groupings(tuple(groupings), repeated_rows)
    return Design(fixed, tuple(groupings))


def fixed_design(
    table: pd.DataFrame, model: MixedModel, *, intercept: bool = True, coding: Coding | None = None
) -> FixedDesign:
    """Return the fixed part of the design.

    `coding` overrides the coding that the terms declare.
    """
    blocks = [np.ones((len(table), 1 if intercept else 0))]
    names = ["intercept"] if intercept else []
    terms: dict[str, slice] = {}
    for term in model.fixed:
        columns, labels = term_columns(table, term, coding)
        terms[term.name] = slice(len(names), len(names) + len(labels))
        blocks.append(columns)
        names += labels
    return FixedDesign(np.column_stack(blocks), tuple(names), terms)


def check_rank(fixed: FixedDesign) -> None:
    """Check that no column is a combination of others, the intercept included.

    Raises DesignError, which names the dependent columns.
    """
    rows, p = fixed.matrix.shape
    if p >= rows:
        raise DesignError(
            f"{p} fixed effects need more than {p} rows, but the table has {rows}; remove terms"
        )
    if "intercept" in fixed.names:
        matrix, names = fixed.matrix, fixed.names
    else:  # the thresholds of an ordinal model are its intercepts
        matrix = np.column_stack([np.ones(rows), fixed.matrix])
        names = ("thresholds", *fixed.names)
    lengths = np.linalg.norm(matrix, axis=0)
    lengths[lengths == 0] = 1
    # The diagonal of R is each column's distance from the span of the columns before it.
    distances = np.abs(np.diag(np.linalg.qr(matrix / lengths, mode="r")))
    dependent = [name for name, d in zip(names, distances, strict=True) if d < DEPENDENT]
    if dependent:
        raise DesignError(
            f"the earlier columns of the fixed effects determine {', '.join(dependent)} (a "
            "constant, an empty cell, or repeated information); remove a term or merge levels"
        )
