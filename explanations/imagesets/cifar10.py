"""CIFAR-10, read from torchvision's copy, which is downloaded if necessary, or from a folder of
JPEGs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explanations.imagesets.base import Entry, ImageSet, ImageSetError, LabelledImage
from explanations.imagesets.folder import FolderSet

CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
SPLITS = ("train", "test")
DOWNLOAD_DIR = Path.home() / ".cache" / "cifar10"
_BATCHES = "cifar-10-batches-py"
_CURE = (
    "Connect to a network once, or give --data-dir a folder that contains cifar-10-batches-py "
    "(unpacked from cifar-10-python.tar.gz) or the images as train/<class>/ and test/<class>/."
)


def open_cifar10(data_dir: Path | None = None) -> ImageSet:
    """Open CIFAR-10 from ``data_dir`` in either of two layouts.

    torchvision reads ``cifar-10-batches-py`` and downloads it if it is missing; ``train`` and
    ``test`` with a folder per class are read as files. If neither works, loading raises an
    ImageSetError that explains how to get the data.
    """
    root = data_dir or DOWNLOAD_DIR
    if root.name == _BATCHES:
        root = root.parent
    if not (root / _BATCHES).is_dir() and any((root / split).is_dir() for split in SPLITS):
        return FolderSet(root, name="cifar10", class_names=CLASS_NAMES)
    return Cifar10Set(root)


class Cifar10Set(ImageSet):
    """CIFAR-10 read by torchvision from ``root/cifar-10-batches-py``, downloaded if missing."""

    def __init__(self, root: Path) -> None:
        super().__init__("cifar10", CLASS_NAMES)
        self._root = root
        self._splits: dict[str, tuple[NDArray[np.uint8], list[int]]] = {}

    def entries(self, split: str) -> Sequence[Entry]:
        """List an entry per image, in the order of the published batches."""
        _, labels = self._arrays(split)
        return [Entry(f"{split}/{index:05d}", label) for index, label in enumerate(labels)]

    def load(self, split: str, entry: Entry) -> LabelledImage:
        """Return an image of the published pixels."""
        pixels, _ = self._arrays(split)
        index = int(entry.source.rpartition("/")[2])
        return LabelledImage(
            pixels[index], self.class_names[entry.class_index], split, entry.source
        )

    def _arrays(self, split: str) -> tuple[NDArray[np.uint8], list[int]]:
        if split not in SPLITS:
            raise ImageSetError(f"cifar10 has no split {split!r}. Choose {' or '.join(SPLITS)}.")
        if split not in self._splits:
            data = _read_with_torchvision(self._root, split)
            self._splits[split] = data.data, data.targets
        return self._splits[split]


def _read_with_torchvision(root: Path, split: str) -> Any:
    # The published batches are pickles. torchvision unpickles them only after comparing their MD5
    # with the published one; no other pickle is read anywhere in this project.
    from torchvision.datasets import CIFAR10

    try:
        return CIFAR10(str(root), train=split == "train", download=True)
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ImageSetError(
            f"CIFAR-10 is not in {root} and could not be downloaded ({reason}). {_CURE}"
        ) from error
