"""Which images of a larger pool a person sees, so that every image is shown equally often.

The pool lies on a circle in random order. The people of an arm, counted from 0 by their ``rank``,
take successive windows of it. As windows follow each other without a gap, no image has been shown
more than once more often than any other, whatever the number of people so far. When the windows
meet the end of the circle exactly, every image has been shown equally often, and another random
order begins. A person who goes through several conditions takes as many windows at once, at equal
distances on the circle: they are disjoint, and each condition's windows follow each other as well.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import gcd

from explanations.imagesets.dice import Dice
from surveys.allocation.shuffling import shuffled

ALGORITHM = "image-draws-1"  # part of every seed, because another algorithm would draw other images


def complete_block(pool: int, size: int) -> int:
    """Return after how many people every image was shown equally often."""
    return pool // gcd(pool, size)


def windows(
    classes: Sequence[str], size: int, count: int, rank: int, seed: Sequence[str | int]
) -> tuple[tuple[int, ...], ...]:
    """Return ``count`` disjoint windows of ``size`` images for the person with this rank.

    An image is its index in ``classes``, which gives its class. The classes are spread evenly over
    the circle, so that each window contains them as evenly as the pool does; give all images the
    same class to ignore it. Raises ValueError if the pool is too small.
    """
    number = len(classes)
    if size * count > number:
        raise ValueError(
            f"{count} windows of {size} images need {size * count}, but the pool has {number}. "
            "Take a larger pool or smaller windows."
        )
    if not size:
        return ((),) * count
    cycle, step = divmod(rank, complete_block(number, size))
    order = _circle(classes, Dice(ALGORITHM, *seed, cycle))
    # Neighbouring starts are at least ``size`` apart, because size * count <= number.
    starts = [step * size + window * number // count for window in range(count)]
    return tuple(
        tuple(order[(start + place) % number] for place in range(size)) for start in starts
    )


def _circle(classes: Sequence[str], dice: Dice) -> list[int]:
    """Return the images in random order, with those of each class at equal distances."""
    members: dict[str, list[int]] = defaultdict(list)
    for image in shuffled(range(len(classes)), dice):
        members[classes[image]].append(image)
    places = {}
    for turn, name in enumerate(shuffled(sorted(members), dice)):
        for number, image in enumerate(members[name]):
            places[image] = ((number + (turn + 0.5) / len(members)) / len(members[name]), turn)
    return sorted(places, key=places.__getitem__)
