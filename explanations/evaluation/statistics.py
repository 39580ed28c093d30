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
    """Mean over ``n`` images with its 95 % interval, which is None for fewer than two images."""

    mean: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Comparison:
    """Mean difference of ``a`` minus ``b`` over the images that have both."""

    a: str
    b: str
    difference: Mean
    p: float
    """Two-sided p of the sign-flip test of the mean difference."""
    p_holm: float
    """p adjusted for all comparisons of a measure (Holm 1979)."""


def mean_of(values: Sequence[float], seed: int = 0) -> Mean:
    """Compute the mean and its percentile bootstrap interval. Images are drawn with replacement.

    Raises ValueError for an empty sequence.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if not len(numbers):
        raise ValueError("The mean of an empty list is undefined. Give at least one value.")
    if len(numbers) == 1:
        return Mean(float(numbers[0]), None, None, 1)
    drawn = np.random.default_rng(seed).integers(0, len(numbers), (RESAMPLES, len(numbers)))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(numbers[drawn].mean(1), [tail, 1 - tail])
    return Mean(float(numbers.mean()), float(low), float(high), len(numbers))


def difference_of(a: Sequence[float], b: Sequence[float], seed: int = 0) -> Mean:
    """Compute the difference of the means of two groups of images, a minus b, with its interval.

    Each group is resampled separately. Raises ValueError if a group is empty.
    """
    if not len(a) or not len(b):
        raise ValueError("A difference needs at least one image in each group.")
    generator = np.random.default_rng(seed)
    sides = [np.asarray(side, dtype=np.float64) for side in (a, b)]
    means = [
        side[generator.integers(0, len(side), (RESAMPLES, len(side)))].mean(1) for side in sides
    ]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means[0] - means[1], [tail, 1 - tail])
    count = len(a) + len(b)
    difference = float(sides[0].mean() - sides[1].mean())
    # A single image has no spread, so its bootstrap interval would have no width.
    if min(len(a), len(b)) < 2:
        return Mean(difference, None, None, count)
    return Mean(difference, float(low), float(high), count)


def sign_flip_p(differences: Sequence[float], seed: int = 0) -> float:
    """Compute the two-sided p-value of a sign-flip test that the mean difference is zero.

    The test flips the signs of the paired differences at random. The p-value is
    ``(1 + flips at least as extreme) / (1 + flips)``, so it is at least .0001.
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
    """Compare every two methods, and every method with every control, on their common images.

    ``values`` contains values by map and image. Pairs with fewer than two common images are
    omitted. All comparisons of a call form a family for Holm's correction.
    """
    pairs = [*combinations(methods, 2), *((m, c) for m in methods for c in controls)]
    pairwise: list[tuple[str, str, Mean, float]] = []
    for a, b in pairs:
        common = sorted(values.get(a, {}).keys() & values.get(b, {}).keys())
        if len(common) < 2:
            continue
        differences = [values[a][image] - values[b][image] for image in common]
        # Each pair has its own seed, so that its p does not depend on the other pairs.
        seed = zlib.crc32(f"{a} {b}".encode())
        pairwise.append((a, b, mean_of(differences, seed), sign_flip_p(differences, seed)))
    if not pairwise:
        return []
    adjusted = multipletests([p for *_, p in pairwise], method="holm")[1]
    return [
        Comparison(a, b, mean, p, float(holm))
        for (a, b, mean, p), holm in zip(pairwise, adjusted, strict=True)
    ]
