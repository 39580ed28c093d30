"""Logarithms of trial columns, and the values that have none."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Transform = Literal["log", "log1p"]
NONE = {"log": "0 or below", "log1p": "below 0"}
"""Values that have no logarithm, by transformation."""


def transformed(values: pd.Series, transform: Transform | None) -> pd.Series:
    """Return the natural logarithms of the values, or of 1 + value, missing where there is none."""
    if transform == "log":
        return values.where(values > 0).map(np.log)
    if transform == "log1p":
        return values.where(values >= 0).map(np.log1p)
    return values


def has_none(values: pd.Series, transform: Transform | None) -> "pd.Series[bool]":
    """Return where a value is present and has no logarithm."""
    return values.notna() & transformed(values, transform).isna()


def untransformed(
    values: npt.NDArray[np.float64], transform: Transform | None
) -> npt.NDArray[np.float64]:
    """Return values whose transformation differs from `values` by a constant at most."""
    if transform == "log":
        return np.exp(values)
    if transform == "log1p":
        # Only values from 0 up have this logarithm, and a constant changes no comparison.
        return np.expm1(values - min(0.0, float(np.min(values, initial=0.0))))
    return values
