"""Measures of behaviour that are ratios of two counts of trials.

f first answer, a advice, l final answer, y ground truth (Schemmer et al., 2023; He et al., 2023). A
ratio over no trials is undefined, hence missing and never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Ratio:
    """Share of trials with `counted` = `wanted` among trials that match the columns of `among`."""

    counted: str
    among: Mapping[str, int] = field(default_factory=dict)
    wanted: int = 1

    def __call__(self, trials: pd.DataFrame) -> pd.DataFrame:
        """Return value, numerator and denominator per participant, with no value at 0 / 0."""
        counted = trials[self.counted].to_numpy(dtype=float)
        fits = ~np.isnan(counted)
        for column, wanted in self.among.items():
            fits &= trials[column].to_numpy(dtype=float) == wanted
        person, people = pd.factorize(trials["participant"])
        hits = fits & (counted == self.wanted)
        numerator, denominator = (
            np.bincount(person[rows], minlength=len(people)).astype(float) for rows in (hits, fits)
        )
        with np.errstate(invalid="ignore"):
            value = numerator / denominator
        return pd.DataFrame(
            {"value": value, "numerator": numerator, "denominator": denominator},
            index=pd.Index(people, name="participant"),
        )


AGREEMENT = Ratio("accepted")  # l = a
SWITCHING = Ratio("accepted", {"first_agreed": 0})  # l = a among f ≠ a
ACCURACY_BEFORE = Ratio("first_right")  # f = y
ACCURACY = Ratio("final_right")  # l = y
ACCURACY_DISAGREEING = Ratio("final_right", {"first_agreed": 0})  # l = y among f ≠ a
RAIR = Ratio("final_right", {"first_right": 0, "advice_right": 1})  # l = y among f ≠ y, a = y
RSR = Ratio("final_right", {"first_right": 1, "advice_right": 0})  # l = y among f = y, a ≠ y
OVER_RELIANCE = Ratio("accepted", {"advice_right": 0})  # l = a among a ≠ y
UNDER_RELIANCE = Ratio("accepted", {"advice_right": 1}, wanted=0)  # l ≠ a among a = y
OVER_RELIANCE_FIRST_RIGHT = Ratio("accepted", {"advice_right": 0, "first_right": 1})
UNDER_RELIANCE_FIRST_WRONG = Ratio("accepted", {"advice_right": 1, "first_right": 0}, wanted=0)
SIMULATION = Ratio("guess_right")  # the classifier's answer predicted
