"""The model's matrices, built from a table and checked once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.columns import term_columns
from analysis.statistics.mixed_models.errors import DesignError
from analysis.statistics.mixed_models.groupings import Grouping, build_grouping, check_groupings
from analysis.statistics.mixed_models.specification import Coding, MixedModel

DEPENDENT = 1e-9  # a column this close (relative) to the span of the others is one of them


@dataclass(frozen=True)
class FixedDesign:
    """Fixed-effects matrix (rows, p), its column names, and the columns of each term."""

    matrix: Array
    names: tuple[str, ...]
    terms: Mapping[str, slice]


@dataclass(frozen=True)
class Design:
    """Everything a fit needs besides the outcome; groupings stand with the largest first."""

    fixed: FixedDesign
    groupings: tuple[Grouping, ...]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.fixed.matrix)


def build_design(
    table: pd.DataFrame, model: MixedModel, *, intercept: bool = True, repeated_rows: bool = True
) -> Design:
    """Design of `model` for `table`; raises DesignError with what is wrong and the cure."""
    if not len(table):
        raise DesignError("the table has no rows")
    table = table.reset_index(drop=True)
    fixed = fixed_design(table, model, intercept=intercept)
    check_rank(fixed)
    groupings = [build_grouping(table, term) for term in model.random]
    groupings.sort(key=lambda grouping: -grouping.size)
    check_groupings(tuple(groupings), repeated_rows)
    return Design(fixed, tuple(groupings))


def fixed_design(
    table: pd.DataFrame, model: MixedModel, *, intercept: bool = True, coding: Coding | None = None
) -> FixedDesign:
    """The fixed part alone; `coding` overrides the coding that the terms ask for."""
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
    """Refuse a matrix in which a column is a combination of others, the intercept included."""
    rows, p = fixed.matrix.shape
    if p >= rows:
        raise DesignError(f"{p} fixed effects need more than {rows} rows; take terms out")
    if "intercept" in fixed.names:
        matrix, names = fixed.matrix, fixed.names
    else:  # the thresholds of an ordinal model are its intercepts
        matrix = np.column_stack([np.ones(rows), fixed.matrix])
        names = ("thresholds", *fixed.names)
    lengths = np.linalg.norm(matrix, axis=0)
    lengths[lengths == 0] = 1
    left = np.abs(np.diag(np.linalg.qr(matrix / lengths, mode="r")))  # after those before it
    dependent = [name for name, length in zip(names, left, strict=True) if length < DEPENDENT]
    if dependent:
        raise DesignError(
            f"the fixed effects {dependent} follow from those before them (a constant, an empty "
            "cell, or the same information twice); take a term out or merge levels"
        )
