"""Logistic mixed models with crossed factors."""

import numpy as np
import pandas as pd

from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.design import build_design, numbers
from analysis.statistics.mixed_models.errors import DesignError, examples
from analysis.statistics.mixed_models.families import Binomial
from analysis.statistics.mixed_models.generalised import (
    AcceptedOptimum,
    GeneralisedFit,
    Wald,
    result,
    search,
)
from analysis.statistics.mixed_models.random_structure import descend
from analysis.statistics.mixed_models.specification import MixedModel


def fit_logistic(
    table: pd.DataFrame,
    model: MixedModel,
    *,
    trials: str | None = None,
    points: int = 1,
    level: float = 0.95,
    wald: Wald = "t",
) -> GeneralisedFit:
    """Fit by Laplace's approximation, or with `points` > 1 by adaptive quadrature (one factor).

    The outcome is 0 or 1; with `trials`, a column of counts, it is the number of successes.
    Coefficients are log odds conditional on the random effects, tested by t with Satterthwaite's
    df; `wald="z"` is available but too liberal with few images. Raises as `linear.fit_linear` does,
    and SeparationError if the fixed effects predict outcomes without error.
    """
    # The family is built once: it does not change when the ladder simplifies the random terms.
    table = table.reset_index(drop=True)
    family = binomial(table, model.outcome, trials)
    repeated = bool((family.trials == 1).all())

    def fit(spec: MixedModel) -> AcceptedOptimum:
        design = build_design(table, spec, repeated_rows=repeated)
        return search(design, family, spec.outcome, points)

    solution, fitted, decisions = descend(model, fit)
    return result(table, fitted, decisions, solution, level, wald)


def binomial(table: pd.DataFrame, outcome: str, trials: str | None = None) -> Binomial:
    """Return the likelihood of a column of 0 and 1, or of successes among `trials`."""
    successes = numbers(table, outcome)
    counts = np.ones(len(successes)) if trials is None else numbers(table, trials)
    _check(outcome, successes, trials, counts)
    return Binomial(successes, counts)


def _check(outcome: str, successes: Array, trials: str | None, counts: Array) -> None:
    whole = (successes % 1 == 0) & (counts % 1 == 0) & (counts > 0)
    bad = ~whole | (successes < 0) | (successes > counts)
    if bad.any():
        rule = "0 or 1" if trials is None else f"counts from 0 to {trials}, which is above 0"
        raise DesignError(
            f"column {outcome} must contain {rule}, but contains "
            f"{examples(f'{value:g}' for value in successes[bad])} in {int(bad.sum())} of "
            f"{len(successes)} rows; correct these rows"
        )
    if successes.sum() in (0, counts.sum()):
        side = "0" if successes.sum() == 0 else "a success"
        raise DesignError(
            f"every answer in {outcome} is {side}; a logistic model needs both answers, so remove "
            "this outcome"
        )
