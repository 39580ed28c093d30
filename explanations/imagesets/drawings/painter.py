"""The layers of a scene, from back to front, all scaled by a difficulty in [0, 1]."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explanations.imagesets.dice import Dice
from explanations.imagesets.drawings.canvas import (
    SIZE,
    Canvas,
    Colour,
    GridPoints,
    Placement,
    Shape,
    box,
    ellipse,
    polygon,
)
from explanations.imagesets.drawings.colours import distinct_colours, mix, random_colour
from explanations.imagesets.drawings.objects import CLASS_NAMES, DRAWINGS, PART_NAMES

_CENTRE = SIZE / 2
_BACKGROUND_CELLS = 4
HIDDEN_AT_MOST = 0.7  # share of the object behind occluders, when hardest
_OCCLUDERS = (
    box("post", -0.35, -1.6, 0.35, 1.6),
    ellipse("stone", 0.0, 0.0, 1.0, 0.7),
    polygon("leaf", (-1.2, 0.0), (-0.4, -0.5), (0.5, -0.45), (1.2, 0.0), (0.5, 0.45), (-0.4, 0.5)),
)


def background(dice: Dice, difficulty: float, size: int = SIZE) -> tuple[Canvas, Colour]:
    """Draw a soft field of colours around a muted colour, and return the canvas and that colour.

    Cells differ mostly in brightness, by at most 26 levels at difficulty 0 and 74 at difficulty 1.
    """
    base = random_colour(dice, saturation=(10, 55))
    spread = round(16 + 30 * difficulty)
    cells = _BACKGROUND_CELLS * _BACKGROUND_CELLS
    light, *tint = (dice.bytes(cells).astype(np.int32) - 128 for _ in range(4))
    levels = np.stack(
        [b + (5 * light + 3 * t) * spread // 640 for b, t in zip(base, tint, strict=True)], axis=1
    )
    field = np.clip(levels, 0, 255).astype(np.uint8)
    field = field.reshape(_BACKGROUND_CELLS, _BACKGROUND_CELLS, 3)
    return Canvas(Image.fromarray(field), size), base


def place(dice: Dice, difficulty: float) -> Placement:
    """Choose the object's placement, which is smaller, more rotated and nearer to the edge in a
    difficult scene."""
    half_size = dice.uniform(13.0 - 8.0 * difficulty, 14.5 - 4.5 * difficulty)
    # Only in a difficult scene, a small part of the object may lie outside the frame.
    room = max(0.0, _CENTRE - half_size + 2.5 * difficulty)
    lean = 0.05 + 0.2 * difficulty  # tangent of half the angle: 6 to 28 degrees
    return Placement(
        x=_CENTRE + dice.uniform(-room, room),
        y=_CENTRE + dice.uniform(-room, room),
        half_size=half_size,
        turn=dice.uniform(-lean, lean),
        mirrored=dice.below(2) == 1,
    )


def with_noise(image: NDArray[np.uint8], dice: Dice, difficulty: float) -> NDArray[np.uint8]:
    """Add whole-numbered triangular noise, of at most 2 levels at difficulty 0 and 10 at difficulty
    1."""
    reach = round(2 + 8 * difficulty)
    first, second = dice.bytes(2 * image.size).reshape(2, *image.shape).astype(np.int16)
    # Rounded towards zero, not down: noise must not darken the image.
    noise = np.sign(first - second) * (np.abs(first - second) * reach // 255)
    noisy: NDArray[np.uint8] = np.clip(image + noise, 0, 255).astype(np.uint8)
    return noisy


class Painter:
    """Painter of clutter, object and occluders on the same canvas."""

    def __init__(self, canvas: Canvas, ground: Colour, difficulty: float) -> None:
        self._canvas = canvas
        self._ground = ground
        self._difficulty = difficulty
        self._contrast = 1.0 - 0.55 * difficulty

    def draw_clutter(self, dice: Dice, class_index: int, placement: Placement) -> None:
        """Draw parts of other classes behind the object."""
        for _ in range(_count(dice, 5.0 * self._difficulty)):
            other = (class_index + 1 + dice.below(len(CLASS_NAMES) - 1)) % len(CLASS_NAMES)
            shape = dice.choice(DRAWINGS[CLASS_NAMES[other]](dice.uniform))
            where = Placement(
                x=dice.uniform(0, SIZE),
                y=dice.uniform(0, SIZE),
                half_size=placement.half_size * dice.uniform(0.5, 1.0),
                turn=dice.uniform(-0.4, 0.4),
                mirrored=dice.below(2) == 1,
            )
            points = where.grid_points(_centred(shape).points, self._canvas.density)
            self._draw(points, self._colours(dice, 1)[0])

    def draw_object(
        self, dice: Dice, class_index: int, placement: Placement, without_parts: Collection[str]
    ) -> None:
        """Draw the object, each part in its own colour. Omitting a part does not change the other
        parts."""
        name = CLASS_NAMES[class_index]
        names = PART_NAMES[name]
        colours = self._colours(dice, len(names))
        for shape in DRAWINGS[name](dice.uniform):
            points = placement.grid_points(shape.points, self._canvas.density)
            self._canvas.cast(points)
            if shape.part not in without_parts:
                part = names.index(shape.part)
                self._draw(points, colours[part])
                self._canvas.mark(points, part + 1)

    def draw_occluders(self, dice: Dice, placement: Placement) -> None:
        """Draw posts, stones and leaves in front of the object, and remove hidden parts from the
        part map.

        An occluder that would hide too much of the object is not drawn: errors on an invisible
        object teach nothing. The limit refers to the complete object, so that omitting a part does
        not change the occluders.
        """
        least_area = round(
            (1.0 - HIDDEN_AT_MOST * self._difficulty) * self._canvas.silhouette_area()
        )
        for _ in range(_count(dice, 2.5 * self._difficulty)):
            reach = placement.half_size * 0.8
            where = Placement(
                x=placement.x + dice.uniform(-reach, reach),
                y=placement.y + dice.uniform(-reach, reach),
                half_size=placement.half_size * dice.uniform(0.35, 0.4 + 0.4 * self._difficulty),
                turn=dice.uniform(-1.0, 1.0),
                mirrored=False,
            )
            points = where.grid_points(dice.choice(_OCCLUDERS).points, self._canvas.density)
            colour = self._colours(dice, 1)[0]
            # The colour is drawn before the decision, so that a skipped occluder does not change
            # later draws.
            if self._canvas.hide(points, least_area):
                self._draw(points, colour)
                self._canvas.mark(points, 0)

    def _colours(self, dice: Dice, count: int) -> list[Colour]:
        return distinct_colours(dice, count, self._ground, round(7 - 6 * self._difficulty))

    def _draw(self, points: GridPoints, colour: Colour) -> None:
        fill = mix(colour, self._ground, self._contrast)
        outline = mix(colour, self._ground, self._contrast, light=0.6)
        self._canvas.draw(points, fill, outline)


def _centred(shape: Shape) -> Shape:
    across = [x for x, _ in shape.points]
    down = [y for _, y in shape.points]
    x, y = (min(across) + max(across)) / 2, (min(down) + max(down)) / 2
    return Shape(shape.part, tuple((px - x, py - y) for px, py in shape.points))


def _count(dice: Dice, mean: float) -> int:
    """Draw a whole number around ``mean``, from 0 to twice the mean."""
    return int(dice.uniform(0.0, 2.0 * mean) + 0.5)
