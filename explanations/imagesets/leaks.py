"""Images or groups that are in two splits, so that a test contains what was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from explanations.imagesets.base import Entry, ImageSetError
from explanations.imagesets.file_set import FileSet

NEAR = 6.0
"""Largest root mean square of the differences between the thumbnails of two copies, of 255. In 300
images of CIFAR-10, copies in another size and compression differ by at most 3.4, and different
images by at least 17."""
_MENTIONED = 3
_AT_ONCE = 500


@dataclass(frozen=True)
class Leaks:
    """Images and groups of a split that are in another split, too."""

    split: str
    compared: tuple[str, ...]
    """The other splits."""
    copies: tuple[tuple[str, str], ...] = ()
    """Pairs of paths, the first in ``split``, whose images look the same."""
    groups: tuple[str, ...] = ()
    """Groups, such as patients, with images in ``split`` and in another split."""

    def sentences(self) -> list[str]:
        """Return a warning for each kind of leak. Empty if there is none."""
        others = " or ".join(self.compared)
        warnings = []
        if self.copies:
            pairs = "; ".join(f"{one} and {other}" for one, other in self.copies[:_MENTIONED])
            images = len({one for one, _ in self.copies})
            look = "looks" if images == 1 else "look"
            warnings.append(
                f"{images} of the images in {self.split} {look} like images in {others}: {pairs}"
                f"{_more(self.copies)}. Remove the copies, because a classifier recognises what it "
                "was trained on."
            )
        if self.groups:
            groups_are = "group is" if len(self.groups) == 1 else "groups are"
            warnings.append(
                f"{len(self.groups)} {groups_are} in {self.split} and in {others}: "
                f"{', '.join(self.groups[:_MENTIONED])}{_more(self.groups)}. Put each group, such "
                "as a patient, into one split."
            )
        return warnings


def find_leaks(image_set: FileSet, split: str) -> Leaks:
    """Compare the images and groups of a split with those of all other splits.

    Unreadable images of the other splits are left out: loading them reports them.
    """
    others = tuple(name for name in image_set.splits() if name != split)
    elsewhere = [entry for name in others for entry in _listed(image_set, name)]
    here = image_set.entries(split)
    if not elsewhere:
        return Leaks(split, others)
    shared = {entry.group for entry in here} & {entry.group for entry in elsewhere} - {""}
    return Leaks(split, others, tuple(_copies(image_set, here, elsewhere)), tuple(sorted(shared)))


def _listed(image_set: FileSet, split: str) -> Sequence[Entry]:
    try:
        return image_set.entries(split)
    except ImageSetError:
        return ()


def _copies(
    image_set: FileSet, here: Sequence[Entry], elsewhere: Sequence[Entry]
) -> list[tuple[str, str]]:
    mine, thumbnails = _thumbnails(image_set, here)
    others, candidates = _thumbnails(image_set, elsewhere)
    if not mine or not others:
        return []
    pairs: list[tuple[str, str]] = []
    squares = (candidates**2).sum(1)
    for first in range(0, len(mine), _AT_ONCE):
        block = thumbnails[first : first + _AT_ONCE]
        distances = (block**2).sum(1)[:, None] + squares - 2 * block @ candidates.T
        near = distances <= block.shape[1] * NEAR**2
        pairs += [
            (mine[first + row].source, others[column].source)
            for row, column in np.argwhere(near).tolist()
        ]
    return pairs


def _thumbnails(
    image_set: FileSet, entries: Sequence[Entry]
) -> tuple[list[Entry], NDArray[np.float32]]:
    """Return the entries that can be read and their thumbnails, with shape (n, 768)."""
    read: list[Entry] = []
    thumbnails: list[NDArray[np.uint8]] = []
    for entry in tqdm(entries, desc="Looking for copies", unit="image", disable=None):
        try:
            thumbnails.append(image_set.thumbnail(entry).ravel())
        except ImageSetError:
            continue
        read.append(entry)
    return read, np.array(thumbnails, dtype=np.float32)


def _more(found: Sequence[object]) -> str:
    return f" and {len(found) - _MENTIONED} more" if len(found) > _MENTIONED else ""
