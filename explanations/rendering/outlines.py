"""The strongest patches, outlined."""

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
    """The strongest patches outlined at screen size: solid blue for, dashed orange against."""

    count: int = 5
    width: int = 3
    rim: int = 2
    dash: int = 8

    def draw(self, image: NDArray[np.uint8], attribution: Attribution) -> Colours:
        picture = canvas.colours_of(image).copy()
        if attribution.segments is None:
            raise ValueError("Outlines need the patches of a method; the attribution has none.")
        large = canvas.pixelated(attribution.segments)
        for patch, weight in _strongest(attribution.relevance, attribution.segments, self.count):
            self._outline(picture, large == patch, supports=weight > 0)
        return picture

    def legend(self) -> Colours:
        strip = np.ones((LEGEND_HEIGHT, SIZE, 3), dtype=np.float32)
        left, right = np.zeros((2, LEGEND_HEIGHT, SIZE), dtype=bool)
        left[:, : SIZE // 2 - 8] = True
        right[:, SIZE // 2 + 8 :] = True
        self._outline(strip, left, supports=False)
        self._outline(strip, right, supports=True)
        return strip

    def describe(self, attribution: Attribution, say: Say = str) -> str:
        return describe_both(attribution, say)

    def _outline(self, picture: Colours, inside: NDArray[np.bool_], *, supports: bool) -> None:
        # A white rim inside the coloured line: it shows on dark and on bright images.
        rim = inside & ~_shrunk(inside, self.width + self.rim)
        line = inside & ~_shrunk(inside, self.width)
        if not supports:
            rows, columns = np.indices(inside.shape)
            line &= (rows // self.dash + columns // self.dash) % 2 == 0
        picture[rim] = 1
        picture[line] = np.array(colours.BLUE if supports else colours.ORANGE) / 255


def _strongest(
    relevance: NDArray[np.float32], segments: NDArray[np.uint8], count: int
) -> list[tuple[int, float]]:
    """Numbers and weights of the patches with the largest weights in size; none of weight zero."""
    patches, first = np.unique(segments, return_index=True)
    weights = relevance.ravel()[first]
    order = np.argsort(-np.abs(weights), kind="stable")[:count]
    return [(int(patches[place]), float(weights[place])) for place in order if weights[place]]


def _shrunk(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """The mask without its rim of so many pixels, also at the border of the picture."""
    padded = np.pad(mask, pixels)
    height, width = mask.shape
    result = mask.copy()
    for offset in range(2 * pixels + 1):
        result &= padded[offset : offset + height, pixels : pixels + width]
        result &= padded[pixels : pixels + height, offset : offset + width]
    return result
