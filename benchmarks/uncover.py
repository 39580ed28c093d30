"""Planted observers of the task uncover: recovery of a known map, and error rate of the centre.

    python -m benchmarks.uncover

In the first part people look where a known map says; the attention maps are correlated with the
known maps. In the second, people look at the centre of any image alone: the interval of the
difference of a method's maps from its maps of the other images should include 0 in about 95 % of
the studies.
"""

import argparse

import numpy as np

from analysis.statistics.attention_bootstrap import MEASURES, Looks, agreement
from analysis.statistics.attention_maps import CELLS, GRID, centred, smoothed

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


def centre_alone(studies: int, people: int, images: int, rests: int, draws: int) -> np.ndarray:
    """Return by study and measure on which side of 0 the interval is: -1, 0 or 1."""
    sides = []
    for study in range(studies):
        rng = np.random.default_rng([2, study])
        looks = planted(np.tile(centred() ** 2, (images, 1)), people, rests, rng)
        found = agreement(looks, {"objects": bumps(images, rng)}, study, draws)
        tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
        low, high = np.quantile(found.above_draws["objects"], tails, axis=0)
        sides.append((low > 0).astype(int) - (high < 0))
    return np.array(sides)


def main() -> None:
    """Print both parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--draws", type=int, default=400)
    given = parser.parse_args()
    design = {"people": 40, "images": 8, "rests": 10}
    print("Design: " + ", ".join(f"{number} {name}" for name, number in design.items()))
    r = recovered(given.studies, **design)
    print(
        f"Known maps, {given.studies} studies: r of attention map and known map: "
        f"mean {r.mean():.3f}, lowest {r.min():.3f}"
    )
    sides = centre_alone(given.studies, **design, draws=given.draws)
    for measure, column in zip(MEASURES, sides.T, strict=True):
        print(
            f"Centre alone, {measure}: interval above 0 in {np.mean(column > 0):.1%}, "
            f"around 0 in {np.mean(column == 0):.1%}, below 0 in {np.mean(column < 0):.1%}"
        )


if __name__ == "__main__":
    main()
