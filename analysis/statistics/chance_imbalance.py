"""Standardised differences between arms, and how large the largest is by chance alone.

With k arms the largest of k (k - 1) / 2 differences is reported. Under randomisation it grows with
the number of arms and falls with the number of participants, so a fixed limit such as 0.1 or 0.25,
which was made for two groups, does not fit it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.statistics.comparisons.permutation import SEED

Numbers = npt.NDArray[np.float64]

DRAWS = 2_000  # random assignments; the 95th percentile is then exact to about 2 %
NO_SPREAD = 1e-12  # variance (of numbers: SD) below which values do not vary


@dataclass(frozen=True)
class ChanceImbalance:
    """The largest standardised difference between two of the arms if arms were drawn at random.

    `median` and `percentile_95` are over `draws` random assignments of the same values to arms of
    the same sizes. A value is None if an arm's values may then not vary, so that the difference is
    infinite.
    """

    median: float | None
    percentile_95: float | None
    pairs: int
    draws: int


def standardised_difference(first: pd.Series, second: pd.Series) -> float | None:
    """Return the standardised difference of two groups, or None if it is not defined.

    For numbers it is (M₁ - M₂) / √((s₁² + s₂²) / 2) (Austin, 2009). For texts it is √(d' S⁻¹ d),
    where d contains the differences of the shares of all levels but the last, and S is the mean of
    their covariances (Yang & Dalton, 2012). It is infinite if the groups differ in values that vary
    in neither of them. It is not defined for fewer than two values in a group, or if all values are
    equal.
    """
    first, second = first.dropna(), second.dropna()
    if len(first) < 2 or len(second) < 2:
        return None
    if pd.api.types.is_numeric_dtype(first):
        values = [group.to_numpy(float) for group in (first, second)]
        difference = values[0].mean() - values[1].mean()
        spread = float(np.sqrt(np.mean([group.var(ddof=1) for group in values])))
        if spread > NO_SPREAD:
            return float(difference / spread)
        return float(np.copysign(np.inf, difference)) if abs(difference) > NO_SPREAD else None
    levels = sorted({*first, *second})
    if len(levels) < 2:
        return None
    shares = np.array([[(group == level).mean() for level in levels] for group in (first, second)])
    return float(_distances(shares[:1], shares[1:])[0])


def largest_difference(groups: Sequence[pd.Series]) -> float | None:
    """Return the largest absolute standardised difference of two groups, None if none exists."""
    pairs = combinations(groups, 2)
    known = [abs(d) for d in (standardised_difference(a, b) for a, b in pairs) if d is not None]
    return max(known) if known else None


def chance_imbalance(groups: Mapping[str, pd.Series]) -> ChanceImbalance | None:
    """Return the largest difference to expect by chance, or None if none can be computed.

    The values known are assigned to the groups at random, each group keeping its number of them.
    """
    known = [group.dropna() for group in groups.values()]
    known = [group for group in known if len(group) > 1]
    together = pd.concat(known) if known else pd.Series(dtype=float)
    if len(known) < 2 or together.nunique() < 2:
        return None
    sizes = [len(group) for group in known]
    # Sorted, so that the draws do not depend on the order of the rows.
    if pd.api.types.is_numeric_dtype(together):
        largest = _of_numbers(np.sort(together.to_numpy(float)), sizes)
    else:
        largest = _of_levels(np.sort(pd.factorize(together, sort=True)[0]), sizes)
    return ChanceImbalance(
        _quantile(largest, 0.5), _quantile(largest, 0.95), len(sizes) * (len(sizes) - 1) // 2, DRAWS
    )


def _of_numbers(values: Numbers, sizes: list[int]) -> Numbers:
    """Return the largest difference of numbers per draw."""
    parts = _assigned(values - values.mean(), sizes)
    means = np.stack([part.mean(axis=1) for part in parts])
    variances = np.stack([part.var(axis=1, ddof=1) for part in parts])
    largest = np.zeros(DRAWS)
    for a, b in combinations(range(len(sizes)), 2):
        difference = np.abs(means[a] - means[b])
        spread = np.sqrt((variances[a] + variances[b]) / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(spread > NO_SPREAD, difference / spread, np.inf)
        # Two groups of equal values that do not vary have no difference.
        ratio[(spread <= NO_SPREAD) & (difference <= NO_SPREAD)] = 0
        largest = np.maximum(largest, ratio)
    return largest


def _of_levels(codes: npt.NDArray[np.intp], sizes: list[int]) -> Numbers:
    """Return the largest distance of shares per draw, from the level of each value."""
    levels = range(int(codes.max()) + 1)
    parts = _assigned(codes, sizes)
    shares = [
        np.stack([(part == level).mean(axis=1) for level in levels], axis=1) for part in parts
    ]
    largest = np.zeros(DRAWS)
    for first, second in combinations(shares, 2):
        largest = np.maximum(largest, _distances(first, second))
    return largest


def _assigned(values: npt.NDArray[np.generic], sizes: list[int]) -> list[npt.NDArray[np.generic]]:
    """Return the values of each group in each draw (draws, size)."""
    rng = np.random.default_rng(SEED)
    drawn = rng.permuted(np.tile(values, (DRAWS, 1)), axis=1)
    return np.split(drawn, np.cumsum(sizes)[:-1], axis=1)


def _distances(first: Numbers, second: Numbers) -> Numbers:
    """Return Yang and Dalton's distance for each row of shares (rows, levels)."""
    # Shares add up to 1, so the last level is determined by the others and would make S singular.
    difference = (first - second)[:, :-1]
    covariance = np.mean([_covariance(shares[:, :-1]) for shares in (first, second)], axis=0)
    if difference.shape[1] == 1:  # two levels need no inverse
        variance = covariance[:, 0, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.abs(difference[:, 0]) / np.sqrt(variance)
        known = variance > NO_SPREAD
        apart = np.abs(difference[:, 0]) > NO_SPREAD
    else:
        inverse = np.linalg.pinv(covariance, rcond=1e-10, hermitian=True)
        solution = np.einsum("rij,rj->ri", inverse, difference)
        distance = np.sqrt(np.clip(np.einsum("ri,ri->r", difference, solution), 0, None))
        # A difference in a direction in which neither group varies is infinite.
        left = difference - np.einsum("rij,rj->ri", covariance, solution)
        known = np.abs(left).max(axis=1) < 1e-9
        apart = ~known
    return np.where(known, distance, np.where(apart, np.inf, 0.0))


def _covariance(shares: Numbers) -> Numbers:
    diagonal = shares[:, :, None] * np.eye(shares.shape[1])
    return np.asarray(diagonal - shares[:, :, None] * shares[:, None, :])


def _quantile(largest: Numbers, probability: float) -> float | None:
    value = float(np.quantile(largest, probability, method="inverted_cdf"))
    return value if np.isfinite(value) else None
