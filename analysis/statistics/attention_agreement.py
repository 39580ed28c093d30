"""Agreement of maps with where people looked, and its ceiling, both over the participants."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis.statistics.attention_maps import (
    Maps,
    centred,
    ranks,
    shares_below,
    smoothed,
    spearman_brown,
    standardised,
)

DRAWS = 1000
SPLITS = 100
"""Random halves of the participants over which the ceiling is averaged."""
OTHERS, CENTRE, CEILING = "other_images", "centre", "ceiling"
"""Keys of the baselines (where people look on the other images, and the centred Gaussian) and of
the ceiling (where the other half of the participants look)."""
MEASURES = ("correlation", "nss", "auc")
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Looks:
    """Where people looked: a row per participant and image.

    `person` and `image` count from 0, both (rows,); `shares` (rows, CELLS) are shares of the time
    per cell, which sum to 1, so that every participant counts equally. `radius` of the circle is a
    share of the image's width.
    """

    person: Indices
    image: Indices
    shares: Maps
    radius: float

    @cached_property
    def people(self) -> int:
        """Return the number of participants."""
        return int(self.person.max()) + 1

    @cached_property
    def images(self) -> int:
        """Return the number of images."""
        return int(self.image.max()) + 1

    @cached_property
    def both(self) -> Maps:
        """Return the shares, then the smoothed shares, (rows, 2 CELLS)."""
        return np.hstack([self.shares, smoothed(self.shares, self.radius)])

    @cached_property
    def by_image(self) -> tuple[Indices, Indices]:
        """Return the rows in the order of their images, and where each image begins."""
        order = np.argsort(self.image, kind="stable")
        return order, np.searchsorted(self.image[order], np.arange(self.images + 1))

    def pooled(self, weights: Maps) -> "Pooled":
        """Return the mean over the participants by image. `weights` (people,) count each."""
        order, begins = self.by_image
        weight = weights[self.person]
        rows = (weight[order], order, begins)  # built directly, because each draw has other rows
        sums = sparse.csr_matrix(rows, shape=(self.images, len(weight)))
        total = np.bincount(self.image, weight, self.images)
        means = (sums @ self.both) / np.where(total > 0, total, 1.0)[:, None]
        looks, attention = np.hsplit(means, 2)
        return Pooled(looks, attention, total > 0)


@dataclass(frozen=True, eq=False)
class Pooled:
    """Looks and attention maps of some participants, both (images, CELLS).

    `seen` (images,) flags the images that any of these participants looked at.
    """

    looks: Maps
    attention: Maps
    seen: npt.NDArray[np.bool_]

    def of_other_images(self) -> Maps:
        """Return, by image, the mean attention map of the other images."""
        sums = np.where(self.seen[:, None], self.attention, 0.0)
        others = np.maximum(self.seen.sum() - self.seen, 1)
        return np.asarray((sums.sum(axis=0) - sums) / others[:, None])


@dataclass(frozen=True, eq=False)
class Prepared:
    """Maps in the forms that the measures need, each (maps, images, CELLS) or (images, CELLS)."""

    ranks: Maps
    standard: Maps
    shares: Maps

    @classmethod
    def of(cls, maps: Maps) -> "Prepared":
        """Prepare maps for comparison."""
        ranked = ranks(maps)
        return cls(standardised(ranked), standardised(maps), shares_below(ranked))

    def measured(self, pooled: Pooled, attention: Maps) -> Maps:
        """Return the MEASURES (..., 3), each the mean over the images that were looked at.

        `attention` are the standardised ranks of the pooled attention maps.
        """
        seen, looks = pooled.seen, pooled.looks
        found = (
            (self.ranks * attention).mean(axis=-1),
            (self.standard * looks).sum(axis=-1),
            (self.shares * looks).sum(axis=-1),
        )
        return np.stack([values[..., seen].mean(axis=-1) for values in found], axis=-1)

    def of_other_images(self, seen: npt.NDArray[np.bool_]) -> "Prepared":
        """Return, in place of each map, the mean of the same method's maps of the other images.

        The measures are linear in the prepared maps, so that the mean's measure is the mean of the
        measures of all maps that belong to another image.
        """
        forms = (self.ranks, self.standard, self.shares)
        others = max(1, int(seen.sum()) - 1)
        return Prepared(
            *((one[..., seen, :].sum(axis=-2, keepdims=True) - one) / others for one in forms)
        )


@dataclass(frozen=True, eq=False)
class Agreement:
    """Agreement of each map and baseline with the looks, by key: `value` with its standard `error`.

    All arrays are (3,), in the order of MEASURES. `above` is how much more a method's maps agree
    with the looks at their own image than at other images, with the standard error `above_error`;
    it is 0 for people who look at the centre of any image, and for maps that mark the centre alone.
    """

    value: Mapping[str, Maps]
    error: Mapping[str, Maps]
    above: Mapping[str, Maps]
    above_error: Mapping[str, Maps]


@dataclass(frozen=True, eq=False)
class Ceiling:
    """Agreement of one half of the participants with the other: `value` (3,), `draws` (draws, 3).

    `reliability` of the attention maps and its draws are split-half correlations after Spearman
    and Brown. The first of MEASURES is the square root of the reliability.
    """

    value: Maps
    draws: Maps
    reliability: float
    reliability_draws: Maps


def agreement(looks: Looks, maps: Mapping[str, Maps]) -> Agreement:
    """Compare maps (images, CELLS) by key with the looks of at least two participants.

    The maps are smoothed like the attention maps, which cannot be finer than the circle. Standard
    errors are those of the jackknife over participants (Tukey, 1958; Efron and Stein, 1981, Annals
    of Statistics 9, 586-596): each measure and the baseline of other images are computed without
    one participant at a time. The images are fixed.
    """
    # No bootstrap of participants here: a resampled attention map has fewer different people and
    # is noisier, so that its rank correlation varies less than that of a new sample (see
    # benchmarks.uncover). Leaving out one of many participants leaves the noise as it is.
    same_everywhere = np.tile(centred(), (looks.images, 1))
    given = np.stack([*(smoothed(grid, looks.radius) for grid in maps.values()), same_everywhere])
    fixed = Prepared.of(given)
    ones = np.ones(looks.people)
    value, above = _measured(looks, fixed, ones)
    left_out = [_measured(looks, fixed, ones - one) for one in np.eye(looks.people)]
    error, above_error = (
        _jackknife_error(np.stack(values)) for values in zip(*left_out, strict=True)
    )
    keys = (*maps, CENTRE, OTHERS)
    return Agreement(
        dict(zip(keys, value, strict=True)),
        dict(zip(keys, error, strict=True)),
        dict(zip(maps, above, strict=False)),  # its last row is the centre's, which is always 0
        dict(zip(maps, above_error, strict=False)),
    )


def _jackknife_error(left_out: Maps) -> Maps:
    """Return the standard error of a statistic from its values without each of the participants."""
    n = len(left_out)
    return np.asarray(np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)))


def ceiling(looks: Looks, seed: int, draws: int = DRAWS) -> Ceiling:
    """Compare random halves of the participants, also of `draws` samples of participants.

    Each sample is split once, so that the interval includes the variation of the split.
    """
    rng = np.random.default_rng(seed)
    ones = np.ones(looks.people)
    splits = np.array([_halves(looks, ones, rng) for _ in range(SPLITS)])
    half, predicted = splits[:, 0].mean(), splits[:, 1:].mean(axis=0)
    samples = rng.integers(looks.people, size=(draws, looks.people))
    weights = (np.bincount(sample, minlength=looks.people) for sample in samples)
    halves = np.array([_halves(looks, weight.astype(np.float64), rng) for weight in weights])
    reliability = spearman_brown(float(half))
    reliabilities = np.array([spearman_brown(one) for one in halves[:, 0]])
    # A map without any error correlates with a map of this reliability by its square root.
    return Ceiling(
        np.array([np.sqrt(reliability), *predicted]),
        np.column_stack([np.sqrt(reliabilities), halves[:, 1:]]),
        reliability,
        reliabilities,
    )


def _measured(looks: Looks, fixed: Prepared, weights: Maps) -> tuple[Maps, Maps]:
    """Return the measures of the fixed maps and of the baseline of other images, in this order, and
    by how much the fixed maps exceed the maps of the other images.
    """
    pooled = looks.pooled(weights)
    attention = standardised(ranks(pooled.attention))
    others = Prepared.of(pooled.of_other_images())
    own = fixed.measured(pooled, attention)
    shuffled = fixed.of_other_images(pooled.seen).measured(pooled, attention)
    return np.vstack([own, others.measured(pooled, attention)]), own - shuffled


def _halves(looks: Looks, weights: Maps, rng: np.random.Generator) -> Maps:
    """Return the correlation of two halves' attention maps, and NSS and AUC of one for the other.

    Everybody is in one half with all their copies, so that no one predicts their own looks.
    """
    people = rng.permutation(np.flatnonzero(weights > 0))
    first = np.zeros(looks.people, dtype=bool)
    first[people[: len(people) // 2]] = True
    one, other = looks.pooled(weights * first), looks.pooled(weights * ~first)
    both = one.seen & other.seen
    a, b = (Pooled(half.looks, half.attention, both) for half in (one, other))
    from_a, from_b = Prepared.of(a.attention), Prepared.of(b.attention)
    found = np.stack([from_a.measured(b, from_b.ranks), from_b.measured(a, from_a.ranks)])
    return np.asarray(found.mean(axis=0))
