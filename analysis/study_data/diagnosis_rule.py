"""The rule by which answers to "what is wrong here?" make an image suspected."""

from collections.abc import Mapping
from typing import Literal

DIAGNOSIS = "diagnosis"
"""Column of trials.csv with the answer."""
NOTHING, WRONG_CLASS = "nothing", "wrong_class"
OF_MAPS = ("wrong_reasons", "background")
"""Answers that only people who see a map can give."""
FEWEST = 3
"""Participants who must agree before an image is listed as suspected."""
SHARE = 1 / 3
"""Share of the participants asked who must agree."""
Suspicion = Literal["label", "background"]


def suspected(
    counts: Mapping[str, int], people: int, with_map: int, *, is_correct: bool
) -> Suspicion | None:
    """Return "label" or "background" if enough of the people who saw the image agree, else None.

    `counts` gives the number of people by answer, `with_map` how many of them saw a map, and
    `is_correct` whether the prediction equals the label.
    """
    # Of a wrong prediction people say rightly that it is wrong, so the label is not doubted.
    wrong = counts.get(WRONG_CLASS, 0)
    if is_correct and wrong >= FEWEST and wrong >= SHARE * people:
        return "label"
    of_map = sum(counts.get(key, 0) for key in OF_MAPS)
    return "background" if of_map >= FEWEST and of_map >= SHARE * with_map else None


def most_named(counts: Mapping[str, int]) -> int:
    """Return the largest number of people who name the same fault."""
    return max((number for key, number in counts.items() if key != NOTHING), default=0)
