"""Grouping factors: who belongs to which level, with which random-effect columns."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.statistics.mixed_models.arrays import Array, Codes
from analysis.statistics.mixed_models.columns import factor_codes, term_columns
from analysis.statistics.mixed_models.errors import DesignError
from analysis.statistics.mixed_models.specification import Random

MOST_DENSE = 4000  # random effects outside the largest factor; their matrix is dense


@dataclass(frozen=True)
class Grouping:
    """A grouping factor with L levels and q random effects a level.

    `codes` (rows,) name each row's level, `columns` (rows, q) are the random effects' covariates
    divided by `scale` (q,), their root mean square, so that the optimiser sees like sizes.
    """

    factor: str
    names: tuple[str, ...]
    levels: tuple[str, ...]
    codes: Codes
    columns: Array
    scale: Array
    correlated: bool

    @property
    def count(self) -> int:
        """L, the number of levels."""
        return len(self.levels)

    @property
    def width(self) -> int:
        """q, the number of random effects per level."""
        return int(self.columns.shape[1])

    @property
    def size(self) -> int:
        """L q, all random effects of the factor."""
        return self.count * self.width


def build_grouping(table: pd.DataFrame, term: Random) -> Grouping:
    """The grouping of a random term; refuses too few levels for its effects."""
    codes, levels = factor_codes(table, term.factor)
    parts = [term_columns(table, slope) for slope in term.slopes]
    columns = np.column_stack([np.ones(len(table)), *(part[0] for part in parts)])
    names = ("intercept", *(name for part in parts for name in part[1]))
    if len(levels) <= len(names):
        raise DesignError(
            f"{term.factor} has {len(levels)} levels for {len(names)} random effects a level; it "
            f"needs more levels than effects: take slopes out, or {term.factor} as a fixed term"
        )
    scale = np.sqrt((columns**2).mean(axis=0))
    if (scale == 0).any():
        raise DesignError(f"a random slope of {term.factor} is zero in every row; take it out")
    return Grouping(term.factor, names, levels, codes, columns / scale, scale, term.correlated)


def check_groupings(groupings: tuple[Grouping, ...], repeated_rows: bool) -> None:
    """Refuse factors that the data cannot tell apart, from each other or from the residual.

    `repeated_rows`: whether an effect per row could not be told from the rows' own variation.
    """
    for grouping in groupings:
        if repeated_rows and grouping.size >= len(grouping.codes):
            raise DesignError(
                f"{grouping.factor} has {grouping.size} random effects for {len(grouping.codes)} "
                "rows, so they cannot be told from the residual; collect more rows a level, or "
                "take slopes or the factor out"
            )
    for index, a in enumerate(groupings):
        for b in groupings[index + 1 :]:
            pairs = len(np.unique(a.codes * b.count + b.codes))
            if pairs == a.count == b.count:
                raise DesignError(f"{a.factor} and {b.factor} group the rows alike; keep one")
    dense = sum(g.size for g in groupings) - max((g.size for g in groupings), default=0)
    if dense > MOST_DENSE:
        raise DesignError(
            f"the factors besides the largest have {dense} random effects, and {MOST_DENSE} are "
            "the most that this elimination can hold; take slopes or a factor out"
        )
