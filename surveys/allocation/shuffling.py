"""Random order, the same on every machine."""

from collections.abc import Sequence
from typing import TypeVar

from explanations.imagesets.dice import Dice

Thing = TypeVar("Thing")


def shuffled(things: Sequence[Thing], dice: Dice) -> list[Thing]:
    """Return the items in random order (Fisher and Yates)."""
    order = list(things)
    for last in range(len(order) - 1, 0, -1):
        other = dice.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order
