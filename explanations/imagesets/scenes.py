"""Scenes: the embedded image set, drawn in code, with the mask of every part.

Each scene shows one of ten objects, which form confusable pairs, in random pose and colours in
front of a soft background, among parts of other objects and behind occluders. A single parameter,
the difficulty in [0, 1], scales all of this. Errors result from ambiguity (small objects, hidden or
shared parts) and hardly from noise. The layers of an image draw from separate random streams, so
that any layer can be omitted without changing the others.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explanations.imagesets.dice import Dice, derive_seed
from explanations.imagesets.drawings.canvas import SIZE, Placement
from explanations.imagesets.drawings.objects import CLASS_NAMES, PART_NAMES
from explanations.imagesets.drawings.painter import (
    Painter,
    background,
    place,
    with_noise,
)

__all__ = [
    "CLASS_NAMES",
    "DEFAULT_DIFFICULTY",
    "PART_NAMES",
    "SIZE",
    "Scene",
    "generate",
    "render_scene",
    "split_scene",
]

DEFAULT_DIFFICULTY = 0.6
DEFAULT_SEED = 20_261_123


@dataclass(frozen=True)
class Scene:
    """A drawn image with its ground truth."""

    class_index: int
    seed: int
    difficulty: float
    placement: Placement
    image: NDArray[np.uint8] = field(repr=False)
    """RGB image, as uint8 with shape (size, size, 3)."""
    parts: NDArray[np.uint8] = field(repr=False)
    """Part ids, as uint8 with shape (size, size). 0 is background or hidden, and k is
    ``part_names[k - 1]``."""
    part_names: tuple[str, ...]

    @property
    def class_name(self) -> str:
        """Return the name of the object's class."""
        return CLASS_NAMES[self.class_index]

    @cached_property
    def object_mask(self) -> NDArray[np.bool_]:
        """Return the visible pixels of the object, as bool with shape (size, size)."""
        mask: NDArray[np.bool_] = self.parts > 0
        return mask


def generate(
    split: str, count: int, seed: int, difficulty: float = DEFAULT_DIFFICULTY
) -> Iterator[Scene]:
    """Yield ``count`` scenes of a split. The classes alternate, so their counts differ by at most
    1."""
    for index in range(count):
        yield split_scene(split, index, seed, difficulty)


def split_scene(
    split: str,
    index: int,
    seed: int,
    difficulty: float = DEFAULT_DIFFICULTY,
    *,
    size: int = SIZE,
) -> Scene:
    """Return the scene at position ``index`` of the sequence that ``generate`` yields."""
    scene_seed = derive_seed(split, index, seed)
    return render_scene(index % len(CLASS_NAMES), scene_seed, difficulty, size=size)


def render_scene(
    class_index: int,
    seed: int,
    difficulty: float,
    *,
    without_parts: Collection[str] = (),
    clutter: bool = True,
    occluders: bool = True,
    size: int = SIZE,
) -> Scene:
    """Draw a scene. The same arguments give the same bytes on every machine.

    ``size`` is its width and height in pixels: the same scene can be drawn at any multiple of 32.
    ``without_parts`` omits parts of the object; ``clutter`` and ``occluders`` switch off the layers
    behind and in front of it. Everything else in the image stays unchanged. Raises ValueError for
    an unknown class, part or difficulty.
    """
    _check(class_index, difficulty, without_parts, size)
    # Every layer has its own stream of random numbers, so that omitting a layer changes no other.
    setting = Dice(seed, "setting")
    placement = place(setting, difficulty)
    canvas, ground = background(setting, difficulty, size)
    painter = Painter(canvas, ground, difficulty)
    if clutter:
        painter.draw_clutter(Dice(seed, "clutter"), class_index, placement)
    painter.draw_object(Dice(seed, "object"), class_index, placement, without_parts)
    if occluders:
        painter.draw_occluders(Dice(seed, "occluders"), placement)
    part_names = PART_NAMES[CLASS_NAMES[class_index]]
    return Scene(
        class_index=class_index,
        seed=seed,
        difficulty=difficulty,
        placement=placement,
        image=with_noise(canvas.pixels(), Dice(seed, "noise"), difficulty),
        parts=canvas.part_map(),
        part_names=part_names,
    )


def _check(class_index: int, difficulty: float, without_parts: Collection[str], size: int) -> None:
    if size < SIZE or size % SIZE:
        raise ValueError(f"size is {size}, but must be a multiple of {SIZE}.")
    if not 0 <= class_index < len(CLASS_NAMES):
        raise ValueError(f"class_index is {class_index}, but must be 0 to {len(CLASS_NAMES) - 1}.")
    if not 0.0 <= difficulty <= 1.0:
        raise ValueError(f"difficulty is {difficulty}, but must be between 0 and 1.")
    names = PART_NAMES[CLASS_NAMES[class_index]]
    unknown = sorted(set(without_parts) - set(names))
    if unknown:
        raise ValueError(
            f"{CLASS_NAMES[class_index]} has no part {', '.join(unknown)}. "
            f"Choose from {', '.join(names)}."
        )
