"""What a way of drawing is, and what several of them share.

Scales hold within one picture: the units of two methods cannot be compared.
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
"""Part of the name of a drawn picture: raise it when a drawing changes."""


class Drawing(Protocol):
    """Turns an image and its attribution into a picture; frozen, so that its repr names it."""

    def draw(self, image: NDArray[np.uint8], attribution: Attribution) -> Colours:
        """The picture, (320, 320, 3) on the 0..1 scale, of a uint8 image (h, w, 3)."""

    def legend(self) -> Colours:
        """The colours from low to high, (16, 320, 3)."""

    def describe(self, attribution: Attribution, say: Say = str) -> str:
        """One or two sentences for those who cannot see the map; they name no class."""


def scaled(relevance: NDArray[np.float32], percentile: float) -> NDArray[np.float32]:
    """Divided by the percentile of the absolute values and cut at -1 and 1; zeros stay zeros."""
    sizes = np.abs(relevance)
    # A map with few pixels that are not zero may have a percentile of zero.
    limit = np.percentile(sizes, percentile) or sizes.max()
    if limit == 0:
        return np.zeros_like(relevance)
    cut: NDArray[np.float64] = np.clip(relevance.astype(np.float64) / limit, -1, 1)
    return cut.astype(np.float32)


def ramp(low: float, high: float) -> NDArray[np.float32]:
    return np.linspace(low, high, SIZE, dtype=np.float32)


def strip(row: Colours) -> Colours:
    return np.repeat(row[None], LEGEND_HEIGHT, axis=0)


def describe_both(attribution: Attribution, say: Say = str) -> str:
    in_favour = gettext_noop("The strongest regions in favour are")
    against = gettext_noop("The strongest regions against are")
    return " ".join(
        (
            strongest_regions(in_favour, attribution.relevance, say),
            strongest_regions(against, -attribution.relevance, say),
        )
    )
