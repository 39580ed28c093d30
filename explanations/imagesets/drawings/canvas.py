"""Canvas for filled shapes, drawn together with the map of the parts to which they belong."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Point = tuple[float, float]
Colour = tuple[int, int, int]
GridPoints = list[tuple[int, int]]

SIZE = 32
"""Units in which scenes are laid out, and the width and height in pixels of the smallest scenes."""
SUPERSAMPLING = 4
OUTLINE_WIDTH = 2  # in supersampled units: half a unit of the finished image

# The first quarter of a circle in steps of 15 degrees. Written out, because the mathematics
# libraries of two machines may differ in the last digit of a sine.
_QUARTER = (
    (1.0, 0.0),
    (0.965926, 0.258819),
    (0.866025, 0.5),
    (0.707107, 0.707107),
    (0.5, 0.866025),
    (0.258819, 0.965926),
)
CIRCLE: tuple[Point, ...] = (
    _QUARTER
    + tuple((-y, x) for x, y in _QUARTER)
    + tuple((-x, -y) for x, y in _QUARTER)
    + tuple((y, -x) for x, y in _QUARTER)
)

# Each part id is a word with a 1 in the byte of that part: adding words counts all parts at once.
MAX_PARTS = 8
_COUNTERS = np.array([0] + [1 << 8 * k for k in range(MAX_PARTS)], dtype="<u8")


class Shape(NamedTuple):
    """A filled polygon of a part, in object units, in which the object fills -1..1 and y points
    down."""

    part: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Placement:
    """Position of an object, given by its centre and half-size in units of SIZE.

    ``turn`` is the tangent of half the rotation angle. Cosine and sine are rational functions of it
    and therefore the same on every machine. ``mirrored`` flips left and right before the rotation.
    """

    x: float
    y: float
    half_size: float
    turn: float
    mirrored: bool

    def grid_points(self, points: tuple[Point, ...], density: int = SUPERSAMPLING) -> GridPoints:
        """Convert points in object units to whole pixels of the supersampled grid, which has
        ``density`` pixels per unit."""
        squared = self.turn * self.turn
        scale = density * self.half_size / (1.0 + squared)
        cosine, sine = scale * (1.0 - squared), scale * 2.0 * self.turn
        across = -1.0 if self.mirrored else 1.0
        left, top = density * self.x, density * self.y
        return [
            (
                round(left + across * x * cosine - y * sine),
                round(top + across * x * sine + y * cosine),
            )
            for x, y in points
        ]


class Canvas:
    """An image, its part map, and its silhouette, drawn on the supersampled grid."""

    def __init__(self, background: Image.Image, size: int = SIZE) -> None:
        self._size = size
        self.density = SUPERSAMPLING * size // SIZE
        """Pixels of the supersampled grid per unit."""
        side = size * SUPERSAMPLING
        soft = background.resize((size, size), Image.Resampling.BICUBIC)
        self._image = soft.resize((side, side), Image.Resampling.NEAREST)
        self._parts = Image.new("L", (side, side), 0)
        self._silhouette = Image.new("L", (side, side), 0)
        self._outline = OUTLINE_WIDTH * size // SIZE
        self._draw_image = ImageDraw.Draw(self._image)
        self._draw_parts = ImageDraw.Draw(self._parts)
        self._draw_silhouette = ImageDraw.Draw(self._silhouette)

    def draw(self, points: GridPoints, colour: Colour, outline: Colour) -> None:
        """Fill a polygon of the image and draw its outline."""
        self._draw_image.polygon(points, fill=colour)
        # Several times faster than polygon(width=2), which computes masks of the whole image.
        self._draw_image.line([*points, points[0]], fill=outline, width=self._outline)

    def mark(self, points: GridPoints, part: int) -> None:
        """Enter a polygon in the part map. Part 0 is the background."""
        self._draw_parts.polygon(points, fill=part)

    def cast(self, points: GridPoints) -> None:
        """Add a polygon to the silhouette, which limits how much occluders may hide."""
        self._draw_silhouette.polygon(points, fill=1)

    def silhouette_area(self) -> int:
        """Count the pixels of the supersampled grid in the silhouette."""
        side = self._size * SUPERSAMPLING
        return side * side - self._silhouette.histogram()[0]

    def hide(self, points: GridPoints, least_area: int) -> bool:
        """Cut a polygon out of the silhouette, unless less than ``least_area`` would remain."""
        before = self._silhouette.copy()
        self._draw_silhouette.polygon(points, fill=0)
        if self.silhouette_area() >= least_area:
            return True
        self._silhouette.paste(before)
        return False

    def pixels(self) -> NDArray[np.uint8]:
        """Return the finished image, as uint8 with shape (size, size, 3)."""
        return np.array(self._image.reduce(SUPERSAMPLING), dtype=np.uint8)

    def part_map(self) -> NDArray[np.uint8]:
        """Return the part ids, as uint8 with shape (size, size).

        A pixel belongs to the object if the object covers at least half of it, and then to the part
        that covers most of it.
        """
        words = _COUNTERS.take(np.asarray(self._parts), mode="clip")
        size = self._size
        rows = words.reshape(size, SUPERSAMPLING, -1).sum(axis=1)
        blocks = rows.reshape(size, size, SUPERSAMPLING).sum(axis=2)
        covered = blocks.view(np.uint8).reshape(size, size, MAX_PARTS)
        is_object = covered.sum(axis=2) * 2 >= SUPERSAMPLING * SUPERSAMPLING
        return np.where(is_object, covered.argmax(axis=2) + 1, 0).astype(np.uint8)


def ellipse(part: str, x: float, y: float, across: float, down: float) -> Shape:
    """Return an ellipse with the centre (x, y) and two half-axes."""
    return Shape(part, tuple((x + across * c, y + down * s) for c, s in CIRCLE))


def arc(x: float, y: float, across: float, down: float, start: int, stop: int) -> list[Point]:
    """Return points on an ellipse, clockwise in steps of 15 degrees from ``start`` to ``stop``. An
    angle of 0 points right."""
    return [
        (x + across * CIRCLE[k % 24][0], y + down * CIRCLE[k % 24][1])
        for k in range(start, stop + 1)
    ]


def box(part: str, left: float, top: float, right: float, bottom: float) -> Shape:
    """Return an upright rectangle."""
    return Shape(part, ((left, top), (right, top), (right, bottom), (left, bottom)))


def polygon(part: str, *points: Point) -> Shape:
    """Return a polygon through the points."""
    return Shape(part, points)
