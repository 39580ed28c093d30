"""Table 1: baseline characteristics by arm, with standardised differences.

Differences are standardised and not tested: the p of a baseline difference asks whether the arms
were randomised, which is known (Senn, 1994; CONSORT 2010, item 15).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.statistics.chance_imbalance import (
    ChanceImbalance,
    chance_imbalance,
    largest_difference,
    standardised_difference,
)
from analysis.study_data.covariates import covariate_values
from analysis.study_data.other_studies.asked_before_trials import asked_before
from analysis.study_data.populations import members
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class ArmBaseline:
    """A covariate in an arm: how many participants have it or lack it, and its distribution.

    A numeric covariate has mean and SD, a category counts by level. `smd` is the standardised
    difference from the control, for a category its length (Yang & Dalton, 2012); it is None where
    it is undefined or infinite.
    """

    arm: str
    n: int
    missing: int
    mean: float | None
    sd: float | None
    counts: Mapping[str, int]
    smd: float | None


@dataclass(frozen=True)
class Covariate:
    """A row of table 1, over everyone randomised whose data exist.

    `together` describes all arms. `largest` is the largest standardised difference between two
    arms, and `by_chance` the size that it has if arms are drawn at random.
    """

    key: str
    label: str
    kind: str  # "number" or "category"
    together: ArmBaseline
    arms: tuple[ArmBaseline, ...]
    largest: float | None
    by_chance: ChanceImbalance | None


def baseline(data: StudyData) -> tuple[Covariate, ...]:
    """Return the plan's covariates, or else the questions asked before the trials."""
    there = members(data, "randomised").to_numpy()
    arms = data.participants["arm"].to_numpy()[there]
    return tuple(
        _covariate(data, key, label, values[there].reset_index(drop=True), arms)
        for key, label, values in ((key, *covariate_values(data, key)) for key in covariates(data))
        if values[there].notna().any()
    )


def covariates(data: StudyData) -> tuple[str, ...]:
    """Return the keys of the scales, items or columns of participants.csv to describe."""
    return data.plan.covariates or asked_before(data.study, data.codebook)


def _covariate(
    data: StudyData, key: str, label: str, values: pd.Series, arms: npt.NDArray[np.object_]
) -> Covariate:
    number = pd.api.types.is_float_dtype(values)
    by_arm = {arm: values[arms == arm] for arm in data.plan.arms}
    levels = [] if number else sorted(values.dropna().unique())
    control = by_arm[data.plan.control]
    return Covariate(
        key,
        label,
        "number" if number else "category",
        _described("", values, levels, None),
        tuple(
            _described(
                arm,
                arm_values,
                levels,
                None if arm == data.plan.control else standardised_difference(arm_values, control),
            )
            for arm, arm_values in by_arm.items()
        ),
        # Every pair counts, because two arms can differ from each other more than from the control.
        _finite(largest_difference(list(by_arm.values()))),
        chance_imbalance(by_arm),
    )


def _finite(difference: float | None) -> float | None:
    """Return the difference, or None if it is not defined or infinite."""
    return difference if difference is not None and np.isfinite(difference) else None


def _described(
    arm: str, values: pd.Series, levels: list[str], difference: float | None
) -> ArmBaseline:
    there = values.dropna()
    number = not levels
    return ArmBaseline(
        arm,
        len(there),
        len(values) - len(there),
        float(there.mean()) if number and len(there) else None,
        float(there.std(ddof=1)) if number and len(there) > 1 else None,
        {str(level): int((there == level).sum()) for level in levels},
        _finite(difference),
    )
