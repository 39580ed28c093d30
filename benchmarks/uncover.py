"""Planted observers of the task uncover: recovery of a known map, and coverage of the intervals.

    python -m benchmarks.uncover [--studies 200]

In the first part people look where a known map says; the attention maps are correlated with the
known maps. In the second, people look at the centre of any image alone: the interval of the
difference of a method's maps from its maps of the other images should include 0 in about 95 % of
the studies. In the third, people look where a map says, and the interval should include the mean of
the difference over all studies. The standard errors are printed next to the standard deviations
over the studies, and next to the errors of a bootstrap of participants.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.statistics.attention_agreement import MEASURES, Looks, agreement
from analysis.statistics.attention_maps import (
    CELLS,
    GRID,
    auc,
    centred,
    nss,
    rank_correlation,
    smoothed,
)

RADIUS = 0.125
LEVEL = 0.95


def planted(maps: np.ndarray, people: int, rests: int, rng: np.random.Generator) -> Looks:
    """Return the looks of people who rest where a map says, for times of their own."""
    shares = []
    for grid in np.tile(maps, (people, 1)):
        where = rng.choice(CELLS, rests, p=grid / grid.sum())
        shares.append(np.bincount(where, rng.lognormal(0, 0.5, rests), CELLS))
    rows = np.array(shares) / np.sum(shares, axis=1, keepdims=True)
    person, image = np.divmod(np.arange(len(rows)), len(maps))
    return Looks(person, image, rows, RADIUS)


def bumps(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return maps with a Gaussian bump at a random place each."""
    y, x = np.mgrid[:GRID, :GRID]
    around = [np.hypot(y - row, x - column) for row, column in rng.uniform(3, 13, (count, 2))]
    return np.array([np.exp(-0.5 * (distance / 2.5) ** 2).ravel() + 0.02 for distance in around])


def recovered(studies: int, people: int, images: int, rests: int) -> np.ndarray:
    """Return the correlation of each attention map with the known map, (studies, images)."""
    found = []
    for study in range(studies):
        rng = np.random.default_rng([1, study])
        maps = bumps(images, rng)
        attention = planted(maps, people, rests, rng).pooled(np.ones(people)).attention
        pairs = zip(attention, smoothed(maps, RADIUS), strict=True)
        found.append([np.corrcoef(a, b)[0, 1] for a, b in pairs])
    return np.array(found)


@dataclass(frozen=True)
class Differences:
    """Differences of a method's maps from its maps of the other images, all (studies, 3).

    `error` is the standard error of the jackknife, and `bootstrap` that of samples of participants.
    """

    value: np.ndarray
    error: np.ndarray
    bootstrap: np.ndarray


def differences(
    studies: int, people: int, images: int, rests: int, *, draws: int, is_centre: bool
) -> Differences:
    """Simulate studies in which people look at the centre of any image, or where a map says.

    In the second case all studies have the same maps, so that the mean difference is the truth.
    """
    found = []
    for study in range(studies):
        rng = np.random.default_rng([2 if is_centre else 3, study])
        maps = bumps(images, rng if is_centre else np.random.default_rng(4))
        where = np.tile(centred() ** 2, (images, 1)) if is_centre else maps
        looks = planted(where, people, rests, rng)
        result = agreement(looks, {"objects": maps})
        resampled = [_resampled(looks, maps, rng) for _ in range(draws)]
        found.append(
            (result.above["objects"], result.above_error["objects"], np.std(resampled, 0, ddof=1))
        )
    return Differences(*(np.array(column) for column in zip(*found, strict=True)))


def _resampled(looks: Looks, maps: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the difference for participants drawn with replacement."""
    drawn = rng.integers(looks.people, size=looks.people)
    rows = np.concatenate([np.flatnonzero(looks.person == person) for person in drawn])
    person = np.repeat(np.arange(looks.people), looks.images)
    sample = Looks(person, looks.image[rows], looks.shares[rows], looks.radius)
    return differences_of(sample, maps)


def differences_of(looks: Looks, maps: np.ndarray) -> np.ndarray:
    """Return the measures at each image's own map minus those at the other images' maps."""
    pooled = looks.pooled(np.ones(looks.people))
    smooth = smoothed(maps, looks.radius)
    own_and_others = []
    for image, (attention, looked) in enumerate(zip(pooled.attention, pooled.looks, strict=True)):
        rows = np.column_stack(
            [rank_correlation(attention, smooth), nss(looked, smooth), auc(looked, smooth)]
        )
        own_and_others.append(rows[image] - np.delete(rows, image, axis=0).mean(axis=0))
    return np.asarray(np.mean(own_and_others, axis=0))


def said(name: str, found: Differences, truth: np.ndarray, people: int) -> None:
    """Print, for each measure, errors and how often the interval includes the truth."""
    margin = stats.t.ppf((1 + LEVEL) / 2, people - 1) * found.error
    count = len(found.value)
    for place, measure in enumerate(MEASURES):
        value, side = found.value[:, place], found.value[:, place] - truth[place]
        above, below = (np.mean(way * side > margin[:, place]) for way in (1, -1))
        jackknife, bootstrap = (
            np.sqrt(np.mean(errors[:, place] ** 2)) for errors in (found.error, found.bootstrap)
        )
        print(
            f"{name}, {measure}: mean {value.mean():.4f} (standard error "
            f"{value.std(ddof=1) / np.sqrt(count):.4f}); SD over studies {value.std(ddof=1):.4f}, "
            f"jackknife {jackknife:.4f}, bootstrap {bootstrap:.4f}; interval above the truth in "
            f"{above:.1%}, around it in {1 - above - below:.1%}, below it in {below:.1%}"
        )


def main() -> None:
    """Print all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--draws", type=int, default=30)
    given = parser.parse_args()
    design = {"people": 40, "images": 8, "rests": 10}
    print("Design: " + ", ".join(f"{number} {name}" for name, number in design.items()))
    r = recovered(given.studies, **design)
    print(
        f"Known maps, {given.studies} studies: r of attention map and known map: "
        f"mean {r.mean():.3f}, lowest {r.min():.3f}"
    )
    centre = differences(given.studies, **design, draws=given.draws, is_centre=True)
    said("Centre alone", centre, np.zeros(3), design["people"])
    known = differences(given.studies, **design, draws=given.draws, is_centre=False)
    said("Known maps", known, known.value.mean(axis=0), design["people"])


if __name__ == "__main__":
    main()
