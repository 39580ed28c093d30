"""Random colours that carry no information about the class."""

from explanations.imagesets.dice import Dice
from explanations.imagesets.drawings.canvas import Colour

_CHANNEL_ORDERS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))


def random_colour(dice: Dice, saturation: tuple[int, int] = (25, 95)) -> Colour:
    """Draw a colour of any hue, dark to light, with a saturation in the given range (percent).

    All values are computed in whole numbers from a single random word, because a scene needs dozens
    of colours.
    """
    word = dice.word()
    low, high = saturation
    value = 80 + ((word & 0xFFFF) * 171 >> 16)
    percent = low + ((word >> 16 & 0xFFFF) * (high - low) >> 16)
    pale = value * (100 - percent) // 100
    between = pale + ((word >> 32 & 0xFFFF) * (value - pale) >> 16)
    levels = (value, between, pale)
    red, green, blue = _CHANNEL_ORDERS[(word >> 48) * 6 >> 16]
    return levels[red], levels[green], levels[blue]


def distinct_colours(dice: Dice, count: int, ground: Colour, candidates: int) -> list[Colour]:
    """Draw ``count`` colours, each the candidate farthest from the ground and from earlier colours.

    With a single candidate the colours are plain chance, and parts may blend into the background.
    """
    taken = [ground]
    for _ in range(count):
        options = [random_colour(dice) for _ in range(candidates)]
        taken.append(max(options, key=lambda c: min(_distance(c, other) for other in taken)))
    return taken[1:]


def mix(colour: Colour, ground: Colour, share: float, light: float = 1.0) -> Colour:
    """Mix ``share`` of the colour, at ``light`` of its brightness, with the ground."""
    red, green, blue = (
        _to_byte(share * light * c + (1.0 - share) * g) for c, g in zip(colour, ground, strict=True)
    )
    return red, green, blue


def _to_byte(level: float) -> int:
    """Round to the nearest whole number in 0..255."""
    return min(255, max(0, int(level + 0.5)))


def _distance(first: Colour, second: Colour) -> int:
    """Compute how different two colours look, weighting green most and blue least, as luminance
    does."""
    red, green, blue = first[0] - second[0], first[1] - second[1], first[2] - second[2]
    return 3 * red * red + 6 * green * green + blue * blue
