"""Interface of an image set, which lists the entries of a split and loads them one by one."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, zip_longest

import numpy as np
from numpy.typing import NDArray

from explanations.imagesets.dice import derive_seed
from explanations.imagesets.grey_window import GreyWindow
from explanations.imagesets.problems import ImageSetError
from explanations.imagesets.split_rule import SplitRule

__all__ = ["Entry", "ImageSet", "ImageSetError", "LabelledImage", "Original"]


@dataclass(frozen=True)
class Entry:
    """An image of a split before it is loaded. ``source`` is a relative path or an index."""

    source: str
    class_index: int
    group: str = ""
    """What the image has in common with some others, such as a camera. Empty if unknown."""


@dataclass(frozen=True)
class Original:
    """The file of an image as it came, before anything was made of it."""

    name: str
    sha256: str
    """Hash of the file."""
    size: int
    """Size in bytes."""
    read: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True)
class LabelledImage:
    """An image with its true class."""

    pixels: NDArray[np.uint8] = field(repr=False)
    """RGB image, as uint8 with shape (height, width, 3)."""
    class_name: str
    split: str
    source: str
    """Origin of the image: a path relative to the set's folder, or split and index."""
    mask: NDArray[np.uint8] | None = field(default=None, repr=False)
    """Part ids, as uint8 with shape (height, width), or None. 0 is background, and k is
    ``part_names[k - 1]``."""
    part_names: tuple[str, ...] = ()
    group: str = ""
    """Group of the image in its set's manifest. Empty if it has none."""
    original: Original | None = None
    """The image's file, if it has one."""

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) != 3 or shape[2] != 3:
            raise ValueError(
                f"pixels is {self.pixels.dtype} with shape {shape}. It must be uint8 with shape "
                "(height, width, 3)."
            )
        if self.mask is not None and self.mask.shape != shape[:2]:
            raise ValueError(
                f"mask has the shape {self.mask.shape}. It must be {shape[:2]} like its image."
            )


class ImageSet(ABC):
    """A named collection of labelled images in splits such as train and test."""

    fitted_size: int | None = None
    """Width and height to which the set fits its images. None if it leaves them as they are."""
    split_rule: SplitRule | None = None
    """Rule that divides the set, if its data name no splits."""

    grey_window: GreyWindow | None = None
    """Values of 16-bit grey images that become black and white. None if the set has none."""

    def __init__(self, name: str, class_names: Sequence[str]) -> None:
        self.name = name
        self.class_names = tuple(class_names)

    @abstractmethod
    def entries(self, split: str) -> Sequence[Entry]:
        """List all images of a split, in a fixed order. Raises ImageSetError for a
        missing split."""

    @abstractmethod
    def load(self, split: str, entry: Entry) -> LabelledImage:
        """Return the image of an entry. Raises ImageSetError if it cannot be read."""

    def images(
        self, split: str, limit: int | None = None, seed: int = 0
    ) -> Iterator[LabelledImage]:
        """Yield the images of a split, or a class-balanced selection of ``limit`` images.

        The same seed selects the same images, and a larger limit only adds images. Raises
        ImageSetError at the first image that cannot be read: call ``check`` before anything is
        stored.
        """
        for entry in self.selection(split, limit, seed):
            yield self.load(split, entry)

    def count(self, split: str, limit: int | None = None) -> int:
        """Count the images that ``images`` yields."""
        return len(self.selection(split, limit))

    def check(self, split: str, limit: int | None = None, seed: int = 0) -> None:
        """Load everything that ``images`` would yield, and raise a single ImageSetError if there
        are problems."""
        problems: list[str] = []
        for entry in self.selection(split, limit, seed):
            try:
                self.load(split, entry)
            except ImageSetError as error:
                problems.extend(error.problems)
        if problems:
            raise ImageSetError(*problems)

    def selection(self, split: str, limit: int | None = None, seed: int = 0) -> Sequence[Entry]:
        """List the entries that ``images`` loads, in the order of the split."""
        entries = self.entries(split)
        if limit is None or limit >= len(entries):
            return entries
        if limit < 1:
            raise ImageSetError(f"limit is {limit}, but must be at least 1.")
        return _balanced(entries, limit, seed)


def _balanced(entries: Sequence[Entry], limit: int, seed: int) -> list[Entry]:
    """Select ``limit`` entries, as evenly over the classes as the split allows."""
    # Ranked by hash, not shuffled: adding or removing a file does not change the other choices.
    ranked = sorted(entries, key=lambda entry: derive_seed(seed, entry.source))
    classes = sorted({entry.class_index for entry in entries})
    queues = [[entry for entry in ranked if entry.class_index == index] for index in classes]
    in_turns = (entry for entry in chain(*zip_longest(*queues)) if entry is not None)
    chosen = set(islice(in_turns, limit))
    return [entry for entry in entries if entry in chosen]
