"""Ways to coarsen the values of a quasi-identifier, from exact to withheld."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

BETWEEN = "\x1f"
"""Separates the answers of a person who was asked a question several times."""
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
WITHHELD = ""
"""What is left of a value that is withheld: an empty cell, as if the question was not answered."""


@dataclass(frozen=True)
class Level:
    """A way to write the values of a quasi-identifier; ``coarsen`` must not undo a finer level."""

    words: str
    coarsen: Callable[[str], str]

    def of(self, value: str) -> str:
        """Return the coarsened value. Several answers to one question are coarsened one by one."""
        if BETWEEN not in value:
            return self.coarsen(value)
        return BETWEEN.join(map(self.coarsen, value.split(BETWEEN)))


@dataclass(frozen=True)
class Hierarchy:
    """The levels of a quasi-identifier, the exact values first, without the withheld level."""

    item: str
    levels: tuple[Level, ...]


AS_IT_IS = Level("as it is", lambda value: value)
NOTHING = Level("withheld", lambda value: WITHHELD)


def of_numbers(
    item: str, widths: Sequence[float], minimum: float | None, maximum: float | None
) -> Hierarchy:
    """Return bands of the widths. A number becomes the middle of its band, so that it stays one.

    The middle of a band of whole numbers is rounded down: 30 to 34 is 32, and 30 to 39 is 34.
    """
    return Hierarchy(item, (AS_IT_IS, *(_band(width, minimum, maximum) for width in widths)))


def _band(width: float, minimum: float | None, maximum: float | None) -> Level:
    def coarsen(value: str) -> str:
        if not NUMBER.fullmatch(value):
            return value
        low = math.floor(float(value) / width) * width
        if width == int(width):
            middle: float = int(low + (width - 1) // 2)
        else:
            middle = low + width / 2
        # The codebook's limits still hold; a clipped middle stands for the same band.
        if minimum is not None:
            middle = max(middle, minimum)
        if maximum is not None:
            middle = min(middle, maximum)
        return f"{middle:g}"

    return Level(f"in bands of {width:g}, each given by its middle", coarsen)


def of_groups(item: str, groups: Mapping[str, Sequence[str]]) -> Hierarchy:
    """Return a level with the groups: an answer in none of them stays as it is."""
    new = {value: name for name, values in groups.items() for value in values}
    listed = "; ".join(f"{name} for {', '.join(values)}" for name, values in groups.items())
    return Hierarchy(
        item, (AS_IT_IS, Level(f"in groups: {listed}", lambda value: new.get(value, value)))
    )


def exact(item: str) -> Hierarchy:
    """Return the exact values alone."""
    return Hierarchy(item, (AS_IT_IS,))


def usual_widths(minimum: float | None, maximum: float | None) -> tuple[float, ...]:
    """Return four nested widths of bands for a range, the narrowest about a twentieth of it."""
    if minimum is None or maximum is None or maximum <= minimum:
        return (5.0, 10.0, 20.0, 40.0)
    twentieth = (maximum - minimum) / 20
    power = 10.0 ** math.floor(math.log10(twentieth))
    first = next(step * power for step in (1, 2, 5, 10) if step * power >= twentieth * 0.999)
    return tuple(first * 2**n for n in range(4))
