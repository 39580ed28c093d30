"""Image sets whose images are files below a folder."""

import hashlib
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explanations.imagesets.base import Entry, ImageSet, ImageSetError, LabelledImage, Original
from explanations.imagesets.decoding import decode_content, fingerprint, read_file
from explanations.imagesets.grey_window import GreyWindow
from explanations.imagesets.input_rule import InputRule
from explanations.imagesets.split_rule import SplitRule

Parts = dict[str, list[Entry]]
"""Entries of each split."""


class FileSet(ImageSet):
    """Images from files. ``size`` fits each to a square of this many pixels; without it, they stay
    as they are. ``window`` scales grey images of 16 bits."""

    def __init__(
        self,
        root: Path,
        name: str,
        class_names: Sequence[str],
        *,
        size: int | None = None,
        split_rule: SplitRule | None = None,
        window: GreyWindow | None = None,
    ) -> None:
        super().__init__(name, class_names)
        self.fitted_size = size
        self.grey_window = window
        self.split_rule = split_rule
        self._root = root

    @abstractmethod
    def splits(self) -> Sequence[str]:
        """List the splits."""

    def load(self, split: str, entry: Entry) -> LabelledImage:
        """Decode a file, and note the file itself."""
        path = self._root / entry.source
        content = read_file(path)
        pixels = decode_content(content, str(path), self.grey_window)
        if self.fitted_size is not None:
            pixels = InputRule(self.fitted_size).apply(pixels)
        return LabelledImage(
            pixels,
            self.class_names[entry.class_index],
            split,
            entry.source,
            group=entry.group,
            original=Original(
                path.name,
                hashlib.sha256(content).hexdigest(),
                len(content),
                partial(read_file, path),
            ),
        )

    def thumbnail(self, entry: Entry) -> NDArray[np.uint8]:
        """Return the fingerprint of an image. Raises ImageSetError if it cannot be read."""
        path = self._root / entry.source
        return fingerprint(read_file(path), str(path), self.grey_window)

    def _divided(self, rule: SplitRule, entries: Sequence[Entry]) -> Parts:
        """Divide entries by a rule."""
        by_source = {entry.source: entry for entry in entries}
        divided = rule.divide(
            {entry.source: entry.class_index for entry in entries},
            {entry.source: entry.group for entry in entries},
        )
        return {split: [by_source[source] for source in divided[split]] for split in divided}


def visible(folder: Path) -> list[Path]:
    """List what is in a folder, sorted, without names that begin with a dot."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def folders_in(folder: Path) -> list[Path]:
    """List the folders in a folder."""
    return [path for path in visible(folder) if path.is_dir()]


def no_split(name: str, split: str, splits: Sequence[str], layout: str = "") -> ImageSetError:
    """Return the error of a split that a set does not have."""
    known = ", ".join(splits) or "none"
    return ImageSetError(f"{name} has no split {split!r}. Its splits are: {known}.{layout}")
