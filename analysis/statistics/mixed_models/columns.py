"""From terms to numeric columns with names."""

from functools import reduce

import numpy as np
import pandas as pd

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.errors import DesignError
from analysis.statistics.mixed_models.specification import Categorical, Coding, Numeric, Term


def term_columns(
    table: pd.DataFrame, term: Term, coding: Coding | None = None
) -> tuple[Array, tuple[str, ...]]:
    """Columns (rows, k) of a term and their names; `coding` overrides that of every factor."""
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
    if coding == "treatment":
        return np.eye(k)[codes][:, 1:], tuple(f"{term.column}[{label}]" for label in labels[1:])
    contrasts = np.vstack([np.eye(k - 1), -np.ones(k - 1)])
    return contrasts[codes], tuple(f"{term.column}[{label}]" for label in labels[:-1])


def numbers(table: pd.DataFrame, column: str) -> Array:
    """A column as finite floats; refuses text, missing and infinite values by row."""
    values = pd.to_numeric(complete(table, column), errors="coerce").to_numpy(dtype=float)
    bad = ~np.isfinite(values)
    if bad.any():
        shown = sorted({str(value) for value in table.loc[bad, column]})[:3]
        raise DesignError(
            f"column {column} must hold finite numbers, but {int(bad.sum())} row(s) hold "
            f"{shown}; correct them, or state the column as Categorical"
        )
    return values


def factor_codes(
    table: pd.DataFrame, column: str, levels: tuple[str | int | float, ...] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes 0, 1, … of a column and the labels that they stand for; two levels at least."""
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
            f"column {column} holds text and numbers, which have no common order; make it text"
        ) from error


def _check_levels(column: str, order: pd.Index, codes: np.ndarray, values: pd.Series) -> None:
    unknown = codes < 0
    if unknown.any():
        shown = sorted({str(value) for value in values[unknown]})[:3]
        raise DesignError(
            f"column {column} holds {shown}, which is not among its levels {list(order)}; "
            "list the level or take the rows out"
        )
    empty = [str(level) for code, level in enumerate(order) if not (codes == code).any()]
    if empty:
        raise DesignError(f"column {column} has no row at {empty}; take the level out of the model")
    if len(order) < 2:
        raise DesignError(
            f"column {column} has one level only, {list(order)}; take it out of the model"
        )


def complete(table: pd.DataFrame, column: str) -> pd.Series:
    """The column, refused where it lacks or has missing values: leaving rows out is a decision."""
    if column not in table.columns:
        raise DesignError(f"the table has no column {column!r}; its columns are {list(table)}")
    missing = int(table[column].isna().sum())
    if missing:
        raise DesignError(
            f"column {column} is missing in {missing} of {len(table)} rows; take these rows out "
            "before the fit, and report how many"
        )
    return table[column]
