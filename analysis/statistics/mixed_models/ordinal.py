"""Cumulative-link (proportional-odds) models, with or without random effects."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.statistics.estimate import Estimate
from analysis.statistics.mixed_models.arrays import Codes
from analysis.statistics.mixed_models.design import build_design, complete
from analysis.statistics.mixed_models.errors import DesignError, examples
from analysis.statistics.mixed_models.families import CumulativeLogit
from analysis.statistics.mixed_models.generalised import (
    AcceptedOptimum,
    GeneralisedFit,
    Wald,
    parameter_covariance,
    result,
    search,
    z_estimate,
)
from analysis.statistics.mixed_models.random_structure import descend
from analysis.statistics.mixed_models.specification import MixedModel


def fit_cumulative(
    table: pd.DataFrame,
    model: MixedModel,
    *,
    categories: Sequence[str | int | float] | None = None,
    points: int = 1,
    level: float = 0.95,
    wald: Wald = "t",
) -> GeneralisedFit:
    """Fit logit P(answer ≤ j) = threshold_j - η.

    A positive coefficient raises the answers. `categories` lists the answers from lowest to
    highest; numbers and ordered categoricals do not need the list. A category that never occurs has
    no threshold. Without random terms this is the ordinary cumulative-link model; `points` > 1 uses
    adaptive quadrature (one factor). Raises as `logistic.fit_logistic` does.
    """
    # Categories that never occur are dropped, because their thresholds would be infinite.
    table = table.reset_index(drop=True)
    codes, labels = _answers(table, model.outcome, categories)
    family = CumulativeLogit(codes, len(labels))

    def fit(spec: MixedModel) -> AcceptedOptimum:
        design = build_design(table, spec, intercept=False)
        return search(design, family, spec.outcome, points)

    solution, fitted, decisions = descend(model, fit)
    shown = result(table, fitted, decisions, solution, level, wald)
    return replace(shown, thresholds=_thresholds(solution, family, labels, level, shown.n))


def cumulative(table: pd.DataFrame, outcome: str) -> CumulativeLogit:
    """Return the likelihood of a column of ordered answers, of which only the order counts."""
    codes, labels = _answers(table, outcome, None)
    return CumulativeLogit(codes, len(labels))


def _answers(
    table: pd.DataFrame, outcome: str, categories: Sequence[str | int | float] | None
) -> tuple[Codes, tuple[str, ...]]:
    values = complete(table, outcome)
    order = pd.Index(list(categories) if categories is not None else _natural_order(values))
    places = order.get_indexer(pd.Index(values))
    unknown = places < 0
    if unknown.any():
        raise DesignError(
            f"column {outcome} contains {examples(values[unknown])}, but its categories are "
            f"{', '.join(map(str, order))}; add the missing categories in their order"
        )
    used = np.unique(places)
    if len(used) < 2:
        raise DesignError(
            f"all {len(places)} answers in {outcome} are {order[used[0]]!s}; an ordinal model "
            "needs at least two different answers, so remove this outcome"
        )
    return np.searchsorted(used, places), tuple(str(order[place]) for place in used)


def _natural_order(values: pd.Series) -> list[str | int | float]:
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
        return list(values.cat.categories)
    if pd.api.types.is_numeric_dtype(values):
        return sorted(values.unique())
    raise DesignError(
        f"column {values.name} contains text whose order is unknown; list the categories from "
        "lowest to highest in `categories`"
    )


def _thresholds(
    solution: AcceptedOptimum,
    family: CumulativeLogit,
    labels: tuple[str, ...],
    level: float,
    n: int,
) -> dict[str, Estimate]:
    """Return the thresholds by "lower|upper" category, with Wald intervals by the delta method."""
    extra = solution.optimum.point[: family.size]
    slopes = family.threshold_slopes(extra)
    covariance = parameter_covariance(solution.optimum)[: family.size, : family.size]
    variances = np.diag(slopes @ covariance @ slopes.T)
    names = [f"{low}|{high}" for low, high in pairwise(labels)]
    values = family.thresholds(extra)
    return {
        name: z_estimate(name, float(value), float(variance), level, n)
        for name, value, variance in zip(names, values, variances, strict=True)
    }
