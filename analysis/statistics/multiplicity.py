"""Several tests, one promise: the chance of any false claim in a family stays below alpha."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats

from analysis.statistics.estimate import Scores


def holm(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Holm's (1979) adjusted p per key; with `adjusted < alpha`, the family-wise error is alpha.

    A test that could not be done (None) stays in the count, as if its p were 1: the family is
    what the plan named, whatever became of it.
    """
    return _adjusted(p_values, _holm)


def benjamini_hochberg(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Benjamini and Hochberg's (1995) adjusted p: bounds the share of false among the claims.

    For exploratory results only: it does not keep the chance of any false claim below alpha.
    """
    return _adjusted(p_values, stats.false_discovery_control)


def _holm(p_values: Scores) -> Scores:
    """The smallest p times m, the next times m - 1, …, never falling, at most 1.

    Own lines, because statsmodels' multipletests runs the garbage collector in every call, which
    takes a tenth of a second, and there is a call for every outcome and set of arms.
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
