"""Agreement of maps with where people looked, its ceiling, and intervals over the participants."""

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
    """Agreement of each map, baseline and ceiling: `value` and `draws` by key of the map.

    `value` is (3,) and `draws` are (DRAWS, 3), in the order of MEASURES. `reliability` of the
    attention maps and its draws are split-half correlations after Spearman and Brown. `above` is
    how much more a method's maps agree with the looks at their own image than at other images; it
    is 0 for people who look at the centre of any image, and for maps that mark the centre alone.
    """

    value: Mapping[str, Maps]
    draws: Mapping[str, Maps]
    above: Mapping[str, Maps]
    above_draws: Mapping[str, Maps]
    reliability: float
    reliability_draws: Maps


def agreement(looks: Looks, maps: Mapping[str, Maps], seed: int, draws: int = DRAWS) -> Agreement:
    """Compare maps (images, CELLS) by key with the looks, and resample the participants.

    The maps are smoothed like the attention maps, which cannot be finer than the circle. The
    baseline of other images is recomputed in each draw. Each draw splits its participants once,
    so that the ceiling's interval includes the variation of the split.
    """
    rng = np.random.default_rng(seed)
    same_everywhere = np.tile(centred(), (looks.images, 1))
    given = np.stack([*(smoothed(grid, looks.radius) for grid in maps.values()), same_everywhere])
    fixed = Prepared.of(given)
    ones = np.ones(looks.people)
    value, above = _measured(looks, fixed, ones)
    splits = np.array([_halves(looks, ones, rng) for _ in range(SPLITS)])
    half, ceiling = splits[:, 0].mean(), splits[:, 1:].mean(axis=0)
    drawn, drawn_above, of_halves = [], [], []
    for _ in range(draws):
        weights = np.bincount(rng.integers(looks.people, size=looks.people), minlength=looks.people)
        one, one_above = _measured(looks, fixed, weights.astype(np.float64))
        drawn.append(one)
        drawn_above.append(one_above)
        of_halves.append(_halves(looks, weights.astype(np.float64), rng))
    all_draws, all_above, halves = np.stack(drawn), np.stack(drawn_above), np.stack(of_halves)
    keys = (*maps, CENTRE, OTHERS)
    reliabilities = np.array([spearman_brown(one) for one in halves[:, 0]])
    reliability = spearman_brown(float(half))
    # A map without any error correlates with a map of this reliability by its square root.
    ceilings = np.column_stack([np.sqrt(reliabilities), halves[:, 1:]])
    return Agreement(
        dict(zip(keys, value, strict=True)) | {CEILING: np.array([np.sqrt(reliability), *ceiling])},
        {key: all_draws[:, place] for place, key in enumerate(keys)} | {CEILING: ceilings},
        {key: above[place] for place, key in enumerate(maps)},
        {key: all_above[:, place] for place, key in enumerate(maps)},
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
