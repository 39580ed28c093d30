"""Table 1: baseline characteristics by arm, with standardised differences.

Differences are standardised and not tested: the p of a baseline difference asks whether the arms
were randomised, which is known (Senn, 1994; CONSORT 2010, item 15).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.study_data.covariates import covariate_values
from analysis.study_data.other_studies.asked_before_trials import asked_before
from analysis.study_data.populations import members
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class ArmBaseline:
    """A covariate in an arm: how many participants have it or lack it, and its distribution.

    A numeric covariate has mean and SD, a category counts by level. `smd` is the standardised
    difference from the control, for a category its length (Yang & Dalton, 2012); it is None where
    it is undefined.
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

    `together` describes all arms; `largest` is the largest standardised difference between two
    arms.
    """

    key: str
    label: str
    kind: str  # "number" or "category"
    together: ArmBaseline
    arms: tuple[ArmBaseline, ...]
    largest: float | None


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


def smd(first: pd.Series, second: pd.Series) -> float | None:
    """Return the standardised difference of two groups, or None if it is undefined.

    For numbers it is (M₁ - M₂) / √((s₁² + s₂²) / 2) (Austin, 2009). For texts it is √(d' S⁻¹ d),
    where d contains the differences of the shares of all levels but the last, and S is the mean of
    their covariances. It is undefined for fewer than two values in a group, or values that do not
    vary.
    """
    first, second = first.dropna(), second.dropna()
    if len(first) < 2 or len(second) < 2:
        return None
    if pd.api.types.is_numeric_dtype(first):
        spread = float(np.sqrt((first.to_numpy().var(ddof=1) + second.to_numpy().var(ddof=1)) / 2))
        return float(first.mean() - second.mean()) / spread if spread > 1e-12 else None
    # Shares add up to 1, so the last level is determined by the others and would make S singular.
    levels = sorted({*first, *second})[:-1]
    shares = [_shares(values, levels) for values in (first, second)]
    if not levels or np.allclose(shares[0], shares[1], atol=1e-12, rtol=0):
        return 0.0 if levels else None
    covariance = np.mean([np.diag(share) - np.outer(share, share) for share in shares], axis=0)
    difference = shares[0] - shares[1]
    square = float(difference @ np.linalg.pinv(covariance) @ difference)
    return float(np.sqrt(max(0.0, square)))


def _shares(values: pd.Series, levels: list[str]) -> npt.NDArray[np.float64]:
    return np.array([(values == level).mean() for level in levels], dtype=float)


def _covariate(
    data: StudyData, key: str, label: str, values: pd.Series, arms: npt.NDArray[np.object_]
) -> Covariate:
    number = pd.api.types.is_float_dtype(values)
    by_arm = {arm: values[arms == arm] for arm in data.plan.arms}
    levels = [] if number else sorted(values.dropna().unique())
    # Every pair counts, because two arms can differ from each other more than from the control.
    differences = [smd(by_arm[a], by_arm[b]) for a, b in combinations(by_arm, 2)]
    known = [abs(difference) for difference in differences if difference is not None]
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
                None if arm == data.plan.control else smd(arm_values, control),
            )
            for arm, arm_values in by_arm.items()
        ),
        max(known) if known else None,
    )


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
        difference,
    )
