"""Colour layers over the image: heat, glow, or positive and negative relevance.

A value can be read back from its colour: the image shows through so little that no pixel differs
from the legend's colour for its value by more than READABLE.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explanations.attribution import Attribution
from explanations.rendering import canvas, colours
from explanations.rendering.colours import Colours
from explanations.rendering.drawing import describe_both, ramp, scaled, strip
from explanations.rendering.words import strongest_regions
from explanations.translatable import Say, gettext_noop

READABLE = 40.0
"""Largest distance between a pixel and its legend colour, in RGB units from 0 to 255."""
MIDDLE = np.float32(0.5)
"""Grey over which legends are drawn: bright and dark images then differ from it equally."""


@dataclass(frozen=True)
class Heat:
    """A smooth colour layer over the image, from dark blue to yellow at the maximum.

    An opacity of 0.82 lets the image change each channel by at most 0.09, which is 40 RGB units.
    """

    opacity: float = 0.82

    def draw(self, image: NDArray[np.uint8], attribution: Attribution) -> Colours:
        """Draw the picture. An empty map leaves the image unchanged."""
        ground = canvas.colours_of(image)
        if attribution.is_empty:
            return ground
        heat = colours.sequential(
            canvas.smooth(scaled(attribution.relevance, 100), ground.shape[:2])
        )
        return self._over(ground, heat)

    def _over(self, ground: Colours | np.float32, heat: Colours) -> Colours:
        mixed: Colours = (1 - self.opacity) * ground + self.opacity * heat
        return mixed

    def legend(self) -> Colours:
        """Return the colours from low to high, with shape (16, 320, 3)."""
        return strip(self._over(MIDDLE, colours.sequential(ramp(0, 1))))

    def describe(self, attribution: Attribution, say: Say = str) -> str:
        """Describe the strongest regions."""
        beginning = gettext_noop("The strongest regions are")
        return strongest_regions(beginning, attribution.relevance, say)


@dataclass(frozen=True)
class Glow:
    """Glowing pixels on the darkened grey image. Values above the percentile glow fully."""

    percentile: float = 99
    darkness: float = 0.17

    def draw(self, image: NDArray[np.uint8], attribution: Attribution) -> Colours:
        """Draw the picture. An empty map leaves the grey image."""
        ground = canvas.greyscale(image)
        if attribution.is_empty:
            return ground
        light = colours.glow(_squares(attribution, self.percentile, ground))
        return self._over(ground, light)

    def _over(self, ground: Colours | np.float32, light: Colours) -> Colours:
        screened: Colours = 1 - (1 - self.darkness * ground) * (1 - light)
        return screened

    def legend(self) -> Colours:
        """Return the colours from low to high, with shape (16, 320, 3)."""
        return strip(self._over(MIDDLE, colours.glow(ramp(0, 1))))

    def describe(self, attribution: Attribution, say: Say = str) -> str:
        """Describe the brightest regions."""
        beginning = gettext_noop("The brightest regions are")
        return strongest_regions(beginning, attribution.relevance, say)


@dataclass(frozen=True)
class ForAndAgainst:
    """Orange for positive and blue for negative relevance on the pale grey image.

    Both sides of zero have the same scale.
    """

    percentile: float = 99
    paleness: float = 0.84

    def draw(self, image: NDArray[np.uint8], attribution: Attribution) -> Colours:
        """Draw the picture. An empty map leaves the grey image."""
        ground = canvas.greyscale(image)
        if attribution.is_empty:
            return ground
        tint = colours.diverging(_squares(attribution, self.percentile, ground))
        return self._over(ground, tint)

    def _over(self, ground: Colours | np.float32, tint: Colours) -> Colours:
        shaded: Colours = tint * (self.paleness + (1 - self.paleness) * ground)
        return shaded

    def legend(self) -> Colours:
        """Return the colours from low to high, with shape (16, 320, 3)."""
        return strip(self._over(MIDDLE, colours.diverging(ramp(-1, 1))))

    def describe(self, attribution: Attribution, say: Say = str) -> str:
        """Describe the strongest regions in favour and against."""
        return describe_both(attribution, say)


def _squares(attribution: Attribution, percentile: float, ground: Colours) -> NDArray[np.float32]:
    """Scale the map and enlarge its pixels to squares of the ground's size."""
    return canvas.pixelated(scaled(attribution.relevance, percentile), ground.shape[:2])
