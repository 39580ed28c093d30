"""The pairs of maps that a participant compares, and the places in which the two stand."""

from collections.abc import Iterator, Sequence
from itertools import combinations, count

from explanations.imagesets.dice import Dice
from surveys.allocation.shuffling import shuffled

ALGORITHM = "map-pairs-1"  # part of every seed, because another algorithm would give other pairs

Seed = tuple[str | int, ...]


def map_pairs(conditions: Sequence[str], seed: Seed) -> Iterator[tuple[str, str]]:
    """Yield the two conditions of each trial, in the order of their places, without end.

    Every pair comes once before any comes again. Of two successive trials of a pair, each of its
    conditions stands first once, in an order that the seed draws, so that neither place nor order
    tells the methods apart.
    """
    pairs = list(combinations(conditions, 2))
    for number in count():
        for pair in shuffled(pairs, Dice(ALGORITHM, "order", *seed, number)):
            drawn = Dice(ALGORITHM, "place", *seed, *pair, number // 2).choice((0, 1))
            is_swapped = drawn ^ (number % 2)
            yield (pair[1], pair[0]) if is_swapped else pair
