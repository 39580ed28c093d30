"""Random colours that tell nothing about the class."""

from explanations.imagesets.dice import Dice
from explanations.imagesets.drawings.canvas import Colour

_CHANNEL_ORDERS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))


def random_colour(dice: Dice, saturation: tuple[int, int] = (25, 95)) -> Colour:
    """Any hue, dark to light, of a saturation in the given range (percent).

    All from one random word, in whole numbers: a scene asks for dozens of colours.
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
    """``count`` colours; each is the one of its candidates farthest from ground and earlier ones.

    With one candidate the colours are plain chance, and parts may melt into the background.
    """
    taken = [ground]
    for _ in range(count):
        options = [random_colour(dice) for _ in range(candidates)]
        taken.append(max(options, key=lambda c: min(_distance(c, other) for other in taken)))
    return taken[1:]


def mix(colour: Colour, ground: Colour, share: float, light: float = 1.0) -> Colour:
    """``share`` of the colour, at ``light`` of its brightness, over the ground."""
    red, green, blue = (
        _to_byte(share * light * c + (1.0 - share) * g) for c, g in zip(colour, ground, strict=True)
    )
    return red, green, blue


def _to_byte(level: float) -> int:
    """The nearest whole number in 0..255."""
    return min(255, max(0, int(level + 0.5)))


def _distance(one: Colour, other: Colour) -> int:
    """How different two colours look; green counts most, blue least, as in luminance."""
    red, green, blue = one[0] - other[0], one[1] - other[1], one[2] - other[2]
    return 3 * red * red + 6 * green * green + blue * blue
