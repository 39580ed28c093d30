"""Outlines of the strongest patches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explanations.attribution import Attribution
from explanations.rendering import canvas, colours
from explanations.rendering.canvas import LEGEND_HEIGHT, SIZE
from explanations.rendering.colours import Colours
from explanations.rendering.drawing import describe_both
from explanations.translatable import Say


@dataclass(frozen=True)
class Outlines:
    """The strongest patches, outlined at screen size: solid in favour, dashed against.

    The colours are parameters, and therefore part of the picture's name, so that pictures of an
    earlier version, which had them the other way round, are not served again.
    """

    count: int = 5
    width: int = 3
    rim: int = 2
    dash: int = 8
    in_favour: tuple[int, int, int] = colours.ORANGE
    against: tuple[int, int, int] = colours.BLUE

    def draw(self, image: NDArray[np.uint8], attribution: Attribution) -> Colours:
        """Draw the picture with shape (320, 320, 3), or raise ValueError for an attribution without
        patches."""
        picture = canvas.colours_of(image).copy()
        if attribution.segments is None:
            raise ValueError("Outlines need patches, but the attribution has no segments.")
        large = canvas.pixelated(attribution.segments)
        for patch, weight in _strongest(attribution.relevance, attribution.segments, self.count):
            self._outline(picture, large == patch, supports=weight > 0)
        return picture

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

    def _outline(self, picture: Colours, inside: NDArray[np.bool_], *, supports: bool) -> None:
        # A white rim inside the coloured line makes it visible on dark and on bright images.
        rim = inside & ~_shrunk(inside, self.width + self.rim)
        line = inside & ~_shrunk(inside, self.width)
        if not supports:
            rows, columns = np.indices(inside.shape)
            line &= (rows // self.dash + columns // self.dash) % 2 == 0
        picture[rim] = 1
        picture[line] = np.array(self.in_favour if supports else self.against) / 255


def _strongest(
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
