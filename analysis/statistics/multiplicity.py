"""Corrections for multiple tests within a family."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats

from analysis.statistics.estimate import Scores


def holm(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return Holm's (1979) adjusted p per key.

    p < alpha keeps the family-wise error at alpha. A test that could not be computed (None) counts
    as p = 1: the family consists of the tests that the plan names, whatever became of them.
    """
    return _adjusted(p_values, _holm)


def benjamini_hochberg(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return Benjamini and Hochberg's (1995) adjusted p, which bounds the false discovery rate.

    For exploratory results only: it does not keep the probability of any false claim below alpha.
    """
    return _adjusted(p_values, stats.false_discovery_control)


def _holm(p_values: Scores) -> Scores:
    """Return the sorted p times m, m - 1, …, made monotone and capped at 1.

    Not statsmodels' multipletests, which runs the garbage collector in every call (a tenth of a
    second), and every outcome and set of arms needs a call.
    """
    order = np.argsort(p_values)
    stepped = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted


def _adjusted(
    p_values: Mapping[str, float | None], method: Callable[[Scores], Scores]
) -> dict[str, float | None]:
    if not p_values:
        return {}
    filled = np.array([1.0 if p is None else p for p in p_values.values()])
    return {
        key: None if p_values[key] is None else float(value)
        for key, value in zip(p_values, method(filled), strict=True)
    }
