"""Outlines of patches: of the strongest only, or of all with the weight as strength."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explanations.attribution import Attribution
from explanations.rendering import canvas, colours
from explanations.rendering.canvas import LEGEND_HEIGHT, SIZE
from explanations.rendering.colours import Colours
from explanations.rendering.drawing import describe_both
from explanations.translatable import Say

SHOWN = 5
"""Number of patches that are outlined unless all are."""


@dataclass(frozen=True)
class Outlines:
    """The strongest patches, outlined: solid in favour, dashed against.

    Widths are in pixels of a picture of 320 pixels, and grow with larger pictures.

    The colours are parameters, and therefore part of the picture's name, so that pictures of an
    earlier version, which had them the other way round, are not served again.
    """

    count: int = SHOWN
    width: int = 3
    rim: int = 2
    dash: int = 8
    in_favour: tuple[int, int, int] = colours.ORANGE
    against: tuple[int, int, int] = colours.BLUE

    def draw(self, image: NDArray[np.uint8], attribution: Attribution) -> Colours:
        """Draw the picture, or raise ValueError for an attribution without patches."""
        picture = canvas.colours_of(image).copy()
        if attribution.segments is None:
            raise ValueError("Outlines need patches, but the attribution has no segments.")
        large = canvas.repeated(attribution.segments, picture.shape[:2])
        weights = strongest(attribution.relevance, attribution.segments, self.count)
        for patch, weight in weights:
            strength = self._strength(weight, weights[0][1])
            self._outline(picture, large == patch, supports=weight > 0, strength=strength)
        return picture

    def _strength(self, weight: float, largest: float) -> float:
        return 1.0

    def legend(self) -> Colours:
        """Return a dashed blue and a solid orange outline, with shape (16, 320, 3)."""
        strip = np.ones((LEGEND_HEIGHT, SIZE, 3), dtype=np.float32)
        left, right = np.zeros((2, LEGEND_HEIGHT, SIZE), dtype=bool)
        left[:, : SIZE // 2 - 8] = True
        right[:, SIZE // 2 + 8 :] = True
        self._outline(strip, left, supports=False)
        self._outline(strip, right, supports=True)
        return strip

    def describe(self, attribution: Attribution, say: Say = str) -> str:
        """Describe the strongest regions in favour and against."""
        return describe_both(attribution, say)

    def _outline(
        self,
        picture: Colours,
        inside: NDArray[np.bool_],
        *,
        supports: bool,
        strength: float = 1.0,
    ) -> None:
        # A white rim inside the coloured line makes it visible on dark and on bright images.
        unit = max(1, round(max(inside.shape) / SIZE))
        rim = inside & ~_shrunk(inside, unit * (self.width + self.rim))
        line = inside & ~_shrunk(inside, unit * self.width)
        if not supports:
            rows, columns = np.indices(inside.shape)
            line &= (rows // (unit * self.dash) + columns // (unit * self.dash)) % 2 == 0
        colour = np.array(self.in_favour if supports else self.against, dtype=np.float32) / 255
        for place, paint in ((rim & ~line, np.ones(3, dtype=np.float32)), (line, colour)):
            picture[place] = (1 - strength) * picture[place] + strength * paint


@dataclass(frozen=True)
class GradedOutlines(Outlines):
    """All patches, outlined with lines whose opacity is the patch's weight relative to the largest.

    The strongest patch has the line of ``Outlines``, so that a faint line always means a small
    share of the largest weight in the same picture.
    """

    count: int = 256

    def legend(self) -> Colours:
        """Return lines from strong to faint to strong: dashed blue, then solid orange."""
        strip = np.ones((LEGEND_HEIGHT, SIZE, 3), dtype=np.float32)
        pieces = np.array_split(np.arange(SIZE), 2 * LEGEND_STEPS)
        strengths = np.linspace(-1, 1, 2 * LEGEND_STEPS)
        for columns, strength in zip(pieces, strengths, strict=True):
            inside = np.zeros((LEGEND_HEIGHT, SIZE), dtype=bool)
            inside[:, columns[0] + 2 : columns[-1] - 1] = True
            self._outline(strip, inside, supports=strength > 0, strength=abs(float(strength)))
        return strip

    def _strength(self, weight: float, largest: float) -> float:
        return abs(weight / largest)


LEGEND_STEPS = 4
"""Lines of graded strength on either side of the legend."""


def outlined_share(weights: NDArray[np.floating], count: int = SHOWN) -> float:
    """Compute the share of the total absolute weight that the strongest patches carry; 0 if all
    are 0."""
    sizes = np.sort(np.abs(np.asarray(weights, dtype=np.float64)))[::-1]
    total = float(sizes.sum())
    return float(sizes[:count].sum()) / total if total else 0.0


def strongest(
    relevance: NDArray[np.float32], segments: NDArray[np.uint8], count: int
) -> list[tuple[int, float]]:
    """List number and weight of the patches with the largest absolute weights, without zero
    weights."""
    patches, first = np.unique(segments, return_index=True)
    weights = relevance.ravel()[first]
    order = np.argsort(-np.abs(weights), kind="stable")[:count]
    return [(int(patches[place]), float(weights[place])) for place in order if weights[place]]


def _shrunk(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Remove a rim of ``pixels`` from the mask, also at the border of the picture."""
    padded = np.pad(mask, pixels)
    height, width = mask.shape
    result = mask.copy()
    for offset in range(2 * pixels + 1):
        result &= padded[offset : offset + height, pixels : pixels + width]
        result &= padded[pixels : pixels + height, offset : offset + width]
    return result
