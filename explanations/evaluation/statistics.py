"""Means over images with bootstrap intervals, and paired tests of two maps."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests

LEVEL = 0.95
RESAMPLES = 2000
FLIPS = 9999

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Mean:
    """A mean over ``n`` images with its 95 % interval; no interval (None) for fewer than two."""

    mean: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Comparison:
    """The mean of ``a`` minus that of ``b`` over the images that have both."""

    a: str
    b: str
    difference: Mean
    p: float
    """Two-sided, of the sign-flip test of the mean difference."""
    p_holm: float
    """Adjusted for all comparisons of one measure (Holm 1979)."""


def mean_of(values: Sequence[float], seed: int = 0) -> Mean:
    """The mean with the percentile bootstrap's interval: images are drawn, with replacement."""
    numbers = np.asarray(values, dtype=np.float64)
    if not len(numbers):
        raise ValueError("There is no mean of no values.")
    if len(numbers) == 1:
        return Mean(float(numbers[0]), None, None, 1)
    drawn = np.random.default_rng(seed).integers(0, len(numbers), (RESAMPLES, len(numbers)))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(numbers[drawn].mean(1), [tail, 1 - tail])
    return Mean(float(numbers.mean()), float(low), float(high), len(numbers))


def difference_of(a: Sequence[float], b: Sequence[float], seed: int = 0) -> Mean:
    """Of the means of two groups of different images, a minus b; each is resampled by itself."""
    if not len(a) or not len(b):
        raise ValueError("A difference needs images on both sides.")
    generator = np.random.default_rng(seed)
    sides = [np.asarray(side, dtype=np.float64) for side in (a, b)]
    means = [
        side[generator.integers(0, len(side), (RESAMPLES, len(side)))].mean(1) for side in sides
    ]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means[0] - means[1], [tail, 1 - tail])
    count = len(a) + len(b)
    found = float(sides[0].mean() - sides[1].mean())
    if min(len(a), len(b)) < 2:
        return Mean(found, None, None, count)
    return Mean(found, float(low), float(high), count)


def sign_flip_p(differences: Sequence[float], seed: int = 0) -> float:
    """Two-sided p for a mean of zero, from random signs of the paired differences.

    ``(1 + as far or farther) / (1 + flips)``: never 0, at least .0001 here.
    """
    numbers = np.asarray(differences, dtype=np.float64)
    observed = abs(numbers.sum())
    signs = np.random.default_rng(seed).integers(0, 2, (FLIPS, len(numbers)), dtype=np.int8)
    sums = np.abs((2 * signs.astype(np.float64) - 1) @ numbers)
    farther = int((sums >= observed * (1 - 1e-12)).sum())
    return (1 + farther) / (1 + FLIPS)


def compare(
    values: Mapping[str, Mapping[str, float]], methods: Sequence[str], controls: Sequence[str]
) -> list[Comparison]:
    """Every two methods, and every method with every control, on the images that both have.

    ``values``: by map, by image. Pairs with fewer than two common images are left out. All
    comparisons of the call are one family for Holm.
    """
    pairs = [*combinations(methods, 2), *((m, c) for m in methods for c in controls)]
    found: list[tuple[str, str, Mean, float]] = []
    for a, b in pairs:
        common = sorted(values.get(a, {}).keys() & values.get(b, {}).keys())
        if len(common) < 2:
            continue
        differences = [values[a][image] - values[b][image] for image in common]
        seed = zlib.crc32(f"{a} {b}".encode())
        found.append((a, b, mean_of(differences, seed), sign_flip_p(differences, seed)))
    if not found:
        return []
    adjusted = multipletests([p for *_, p in found], method="holm")[1]
    return [
        Comparison(a, b, mean, p, float(holm))
        for (a, b, mean, p), holm in zip(found, adjusted, strict=True)
    ]
