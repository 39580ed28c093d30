"""Views of a map: over its image, at lower opacity, or alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explanations.attribution import Attribution
from explanations.rendering import canvas
from explanations.rendering.colours import Colours
from explanations.rendering.drawing import Drawing
from explanations.translatable import gettext_noop as _

GREY = 128


@dataclass(frozen=True)
class View:
    """Picture as the method draws it, mixed with the original image.

    ``opacity`` 1 is the method's own picture, 0 the original image. ``alone`` draws the map over
    plain grey instead of the image.
    """

    opacity: float = 1.0
    alone: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"opacity is {self.opacity}, but must be between 0 and 1.")

    def draw(self, drawing: Drawing, image: NDArray[np.uint8], attribution: Attribution) -> Colours:
        """Draw the picture on the 0..1 scale."""
        ground = np.full_like(image, GREY) if self.alone else image
        drawn = drawing.draw(ground, attribution)
        if self.opacity == 1:
            return drawn
        original = canvas.colours_of(ground)
        mixed: Colours = original + np.float32(self.opacity) * (drawn - original)
        return mixed


DEFAULT = View()
VIEWS = {
    "usual": (_("As the method draws it"), DEFAULT),
    "three-quarters": (_("Map at 75 %"), View(0.75)),
    "half": (_("Map at 50 %"), View(0.5)),
    "quarter": (_("Map at 25 %"), View(0.25)),
    "original": (_("Image alone"), View(0)),
    "map": (_("Map alone"), View(alone=True)),
}
"""Views of the researchers' gallery by the name in its URL, with their labels."""


def view_named(name: str) -> View:
    """Return the view of this name, or the usual view if the name is unknown."""
    return VIEWS.get(name, VIEWS["usual"])[1]
