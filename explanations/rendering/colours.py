"""Colour tables that suit colour-blind readers, because lightness rises or falls along each
table."""

import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.float32]
"""RGB on the 0..1 scale. The last axis has length 3."""

BLUE = (0, 84, 166)
ORANGE = (214, 96, 0)

# Nine points of cividis (Nuñez, Anderton and Renslow 2018), from dark blue to yellow.
_CIVIDIS = (
    (0, 34, 78),
    (26, 56, 111),
    (67, 78, 108),
    (97, 101, 111),
    (125, 124, 120),
    (155, 148, 118),
    (188, 174, 108),
    (222, 201, 88),
    (254, 232, 56),
)
# From black through a warm brown to a pale yellow: lightness alone shows the order.
_GLOW = ((0, 0, 0), (84, 42, 12), (172, 96, 16), (238, 170, 50), (255, 246, 190))
_BLUE_WHITE_ORANGE = (BLUE, (120, 175, 225), (255, 255, 255), (250, 178, 100), ORANGE)


def sequential(values: NDArray[np.float32]) -> Colours:
    """Map 0 to dark blue and 1 to yellow."""
    return _interpolated(values, _CIVIDIS)


def glow(values: NDArray[np.float32]) -> Colours:
    """Map 0 to black and 1 to pale yellow."""
    return _interpolated(values, _GLOW)


def diverging(values: NDArray[np.float32]) -> Colours:
    """Map -1 to blue, 0 to white and 1 to orange."""
    return _interpolated((values + 1) / 2, _BLUE_WHITE_ORANGE)


def _interpolated(values: NDArray[np.floating], points: tuple[tuple[int, ...], ...]) -> Colours:
    table = np.array(points, dtype=np.float32) / 255
    places = np.linspace(0, 1, len(table))
    channels = [np.interp(values, places, table[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)
