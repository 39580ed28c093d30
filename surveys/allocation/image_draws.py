"""Which images of a larger pool a person sees, so that every image is shown equally often.

The pool lies on a circle in random order. The people of an arm, counted from 0 by their ``rank``,
take successive windows of it. As windows follow each other without a gap, no image has been shown
more than once more often than any other, whatever the number of people so far. When the windows
meet the end of the circle exactly, every image has been shown equally often, and another random
order begins. A person who goes through several conditions takes as many windows at once, at equal
distances on the circle: they are disjoint, and each condition's windows follow each other as well.

Conditions that show different numbers of images cannot advance at one pace without meeting. Their
windows therefore lie next to each other, and people begin at places that are spread over the circle
by a fixed step, until every place has been a beginning once.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from math import gcd

from explanations.imagesets.dice import Dice
from surveys.allocation.shuffling import shuffled

ALGORITHM = "image-draws-1"  # part of every seed, because another algorithm would draw other images


def complete_block(pool: int, sizes: Sequence[int]) -> int:
    """Return after how many people every image was shown equally often in every condition."""
    return pool // gcd(pool, *sizes)


def windows(
    classes: Sequence[str], sizes: Sequence[int], rank: int, seed: Sequence[str | int]
) -> tuple[tuple[int, ...], ...]:
    """Return disjoint windows of these sizes, one per condition, for the person with this rank.

    An image is its index in ``classes``, which gives its class. The classes are spread evenly over
    the circle, so that each window contains them as evenly as the pool does; give all images the
    same class to ignore it. Raises ValueError if the pool is too small.
    """
    number = len(classes)
    if sum(sizes) > number:
        raise ValueError(
            f"windows of {', '.join(map(str, sizes))} images need {sum(sizes)}, but the pool has "
            f"{number}. Take a larger pool or smaller windows."
        )
    if not any(sizes):
        return ((),) * len(sizes)
    people = complete_block(number, sizes)
    cycle, place = divmod(rank, people)
    order = _circle(classes, Dice(ALGORITHM, *seed, cycle))
    if len(set(sizes)) == 1:
        # Neighbouring starts are at least one window apart, because all windows fit in the pool.
        start = place * sizes[0]
        starts = [start + window * number // len(sizes) for window in range(len(sizes))]
    else:
        start = place * even_step(people) % people * (number // people)
        starts = [start + before for before in accumulate(sizes[:-1], initial=0)]
    return tuple(
        tuple(order[(start + offset) % number] for offset in range(size))
        for start, size in zip(starts, sizes, strict=True)
    )


@cache
def even_step(places: int) -> int:
    """Return the step around a circle of this many places whose first steps are spread most evenly.

    The step visits every place once. It is the one whose fraction of the circle has the smallest
    largest partial quotient, because the multiples of such fractions have a low discrepancy
    (Kuipers & Niederreiter 1974, Uniform Distribution of Sequences, chapter 2, section 3).
    """
    steps = (step for step in range(1, places // 2 + 1) if gcd(step, places) == 1)
    return min(steps, key=lambda step: _partial_quotients(step, places), default=1)


def _partial_quotients(step: int, places: int) -> tuple[int, int]:
    """Return the largest partial quotient of step / places, and their sum."""
    quotients = []
    while step:
        quotients.append(places // step)
        places, step = step, places % step
    return max(quotients), sum(quotients)


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
