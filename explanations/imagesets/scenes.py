"""Scenes: the embedded image set, drawn in code, with the mask of every part.

Ten objects in confusable pairs stand in random pose and colours before a soft background, among
parts of other objects, behind occluders. One knob, the difficulty in [0, 1], scales all of it;
errors come from ambiguity (small, hidden, shared parts) and hardly from noise. The layers of an
image draw from separate streams of chance, so any of them can be left out and the rest stays equal.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explanations.imagesets.dice import Dice, derive_seed
from explanations.imagesets.drawings.canvas import Placement
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
    "Scene",
    "generate",
    "render_scene",
    "split_scene",
]

DEFAULT_DIFFICULTY = 0.6
DEFAULT_SEED = 20_261_123


@dataclass(frozen=True)
class Scene:
    """One drawn image with what is known about it."""

    class_index: int
    seed: int
    difficulty: float
    placement: Placement
    image: NDArray[np.uint8] = field(repr=False)
    """uint8 (32, 32, 3), RGB."""
    parts: NDArray[np.uint8] = field(repr=False)
    """uint8 (32, 32): 0 is not the object (or hidden), k is ``part_names[k - 1]``."""
    part_names: tuple[str, ...]

    @property
    def class_name(self) -> str:
        """The name of the object's class."""
        return CLASS_NAMES[self.class_index]

    @cached_property
    def object_mask(self) -> NDArray[np.bool_]:
        """bool (32, 32): the visible pixels of the object."""
        mask: NDArray[np.bool_] = self.parts > 0
        return mask


def generate(
    split: str, count: int, seed: int, difficulty: float = DEFAULT_DIFFICULTY
) -> Iterator[Scene]:
    """``count`` scenes of a split; the classes take turns, so they are balanced to within one."""
    for index in range(count):
        yield split_scene(split, index, seed, difficulty)


def split_scene(split: str, index: int, seed: int, difficulty: float = DEFAULT_DIFFICULTY) -> Scene:
    """The scene at one place of what ``generate`` gives."""
    return render_scene(index % len(CLASS_NAMES), derive_seed(split, index, seed), difficulty)


def render_scene(
    class_index: int,
    seed: int,
    difficulty: float,
    *,
    without_parts: Collection[str] = (),
    clutter: bool = True,
    occluders: bool = True,
) -> Scene:
    """Draw one scene; the same arguments give the same bytes on every machine.

    ``without_parts`` leaves out parts of the object, ``clutter`` and ``occluders`` what stands
    behind and before it: all else in the image stays as it was.
    Raises ValueError for a class, part or difficulty that does not exist.
    """
    _check(class_index, difficulty, without_parts)
    setting = Dice(seed, "setting")
    placement = place(setting, difficulty)
    canvas, ground = background(setting, difficulty)
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


def _check(class_index: int, difficulty: float, without_parts: Collection[str]) -> None:
    if not 0 <= class_index < len(CLASS_NAMES):
        raise ValueError(f"class_index is {class_index}; it must be 0..{len(CLASS_NAMES) - 1}.")
    if not 0.0 <= difficulty <= 1.0:
        raise ValueError(f"difficulty is {difficulty}; it must lie between 0 and 1.")
    names = PART_NAMES[CLASS_NAMES[class_index]]
    unknown = sorted(set(without_parts) - set(names))
    if unknown:
        raise ValueError(f"{CLASS_NAMES[class_index]} has no part {unknown}; choose from {names}.")
