"""The order in which a participant gets a questionnaire's items."""

from itertools import groupby

from explanations.imagesets.dice import Dice
from surveys.allocation.shuffling import shuffled
from surveys.questionnaires.base import Item, Questionnaire

ALGORITHM = "item-order-1"  # part of every seed, because another algorithm would give other orders


def order(questionnaire: Questionnaire, seed: int | str) -> tuple[str, ...]:
    """Return the items' ids in the order for the seed, which is the same on every machine.

    If the file declares order = "random", each run of neighbouring items of a scale is shuffled.
    All other items, such as a comment at the end, keep their place.
    """
    if not questionnaire.shuffled:
        return tuple(item.id for item in questionnaire.items)
    dice = Dice(ALGORITHM, questionnaire.id, seed)
    runs = [list(run) for _, run in groupby(questionnaire.items, key=_answered_alike)]
    return tuple(
        item.id
        for run in runs
        for item in (shuffled(run, dice) if run[0].kind in ("scale", "slider") else run)
    )


def _answered_alike(item: Item) -> tuple[str, tuple[int, ...]]:
    """Return whether two items have the same kind and points, whatever their labels."""
    return item.kind, item.scale.points if item.scale else ()
