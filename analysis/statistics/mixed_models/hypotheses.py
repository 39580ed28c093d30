"""Type III hypotheses, each about a term after all others, at the mean of every factor's levels.

A hypothesis is stated in the sum-coded design, where it reads "the term's coefficients are zero",
and then translated into the coding that was fitted. Numeric columns are taken at zero in
interactions, so columns for which zero has no meaning should be centred.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.errors import NotEstimableError
from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.design import FixedDesign, fixed_design
from analysis.statistics.mixed_models.specification import MixedModel


def type_three_hypotheses(
    table: pd.DataFrame, model: MixedModel, fitted: FixedDesign
) -> Mapping[str, Array]:
    """Return, per fixed term, the rows (q, p) that are zero under its hypothesis.

    Raises NotEstimableError if an interaction is fitted without its main effects.
    """
    intercept = "intercept" in fitted.names
    summed = fixed_design(table, model, intercept=intercept, coding="sum")
    # The thresholds of an ordinal model include its intercept.
    extra = np.ones((len(table), 0 if intercept else 1))
    base = np.column_stack([summed.matrix, extra])
    change = np.linalg.lstsq(base, fitted.matrix, rcond=None)[0].astype(np.float64)
    residual = np.abs(base @ change - fitted.matrix).max()
    if residual > 1e-8 * max(1.0, np.abs(fitted.matrix).max()):
        raise NotEstimableError(
            "type III tests need the main effects of every interaction among the fixed terms"
        )
    return {name: change[columns] for name, columns in summed.terms.items()}
