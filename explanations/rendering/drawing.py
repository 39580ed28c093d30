"""Interface of a drawing style, and functions that several styles share.

Scales apply within one picture, because the units of two methods cannot be compared.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from explanations.attribution import Attribution
from explanations.rendering.canvas import LEGEND_HEIGHT, SIZE
from explanations.rendering.colours import Colours
from explanations.rendering.words import strongest_regions
from explanations.translatable import Say, gettext_noop

VERSION = 1
"""Part of a drawn picture's name: raise it when a drawing changes."""


class Drawing(Protocol):
    """A style that turns an image and its attribution into a picture.

    Styles are frozen dataclasses, whose repr is part of the picture's name.
    """

    def draw(self, image: NDArray[np.uint8], attribution: Attribution) -> Colours:
        """Draw a uint8 image with shape (height, width, 3) with its map.

        The picture is on the 0..1 scale and has the shape ``canvas.shape_of(image)``. The image may
        have more pixels than the map, for which every pixel of the map becomes a square.
        """

    def legend(self) -> Colours:
        """Return the colours from low to high, with shape (16, 320, 3)."""

    def describe(self, attribution: Attribution, say: Say = str) -> str:
        """Describe the map in one or two sentences for screen readers, without naming a class."""


def scaled(relevance: NDArray[np.float32], percentile: float) -> NDArray[np.float32]:
    """Divide by the percentile of the absolute values and clip at -1 and 1. Zeros stay zeros."""
    sizes = np.abs(relevance)
    # The percentile is zero if few pixels differ from zero; the maximum is then used.
    limit = np.percentile(sizes, percentile) or sizes.max()
    if limit == 0:
        return np.zeros_like(relevance)
    cut: NDArray[np.float64] = np.clip(relevance.astype(np.float64) / limit, -1, 1)
    return cut.astype(np.float32)


def ramp(low: float, high: float) -> NDArray[np.float32]:
    """Return a row of values from ``low`` to ``high``."""
    return np.linspace(low, high, SIZE, dtype=np.float32)


def strip(row: Colours) -> Colours:
    """Repeat a row of colours to the height of a legend."""
    return np.repeat(row[None], LEGEND_HEIGHT, axis=0)


def describe_both(attribution: Attribution, say: Say = str) -> str:
    """Describe the strongest regions in favour and against."""
    in_favour = gettext_noop("The strongest regions in favour are")
    against = gettext_noop("The strongest regions against are")
    return " ".join(
        (
            strongest_regions(in_favour, attribution.relevance, say),
            strongest_regions(against, -attribution.relevance, say),
        )
    )
