"""Labelled data sets of torchvision, read from a folder. Nothing is downloaded."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from explanations.imagesets.base import Entry, ImageSet, ImageSetError, LabelledImage
from explanations.imagesets.decoding import MAX_PIXELS
from explanations.imagesets.input_rule import InputRule
from explanations.imagesets.split_rule import SplitRule

PREFIX = "torchvision:"
# Only data sets with one class per image, whose files torchvision decodes or compares with the
# published hashes before it unpickles them.
NAMES = (
    "Caltech101",
    "CIFAR100",
    "Country211",
    "DTD",
    "EuroSAT",
    "FashionMNIST",
    "FGVCAircraft",
    "Flowers102",
    "Food101",
    "GTSRB",
    "Imagenette",
    "KMNIST",
    "MNIST",
    "OxfordIIITPet",
    "RenderedSST2",
    "STL10",
    "SVHN",
)
_WHOLE = "all"
_CHOICES = {"OxfordIIITPet": {"train": "trainval"}, "Imagenette": {"test": "val"}}
"""What a data set calls its splits, where torchvision has other words."""


class TorchvisionSet(ImageSet):
    """A data set of torchvision in the folder ``root``, with its published splits.

    Data sets without published splits are divided by ``split_rule``. Sources are split and index.
    """

    def __init__(
        self,
        dataset: str,
        root: Path,
        *,
        class_names: Sequence[str] | None = None,
        size: int | None = None,
        split_rule: SplitRule | None = None,
    ) -> None:
        self._kind = _kind(dataset)
        self._root = root
        self._loaded: dict[str, Any] = {}
        self._has_splits = bool({"split", "train"} & set(_parameters(self._kind)))
        if self._has_splits == (split_rule is not None):
            raise ImageSetError(
                f"{PREFIX}{dataset} has published splits. Omit --split-rule {split_rule}."
                if self._has_splits
                else f"{PREFIX}{dataset} has no published splits. Give --split-rule 80/20."
            )
        self.fitted_size, self.split_rule = size, split_rule
        names = self._names(self._data("train" if self._has_splits else _WHOLE))
        if class_names and set(names) != set(class_names):
            raise ImageSetError(
                f"{PREFIX}{dataset} has the classes {', '.join(names)}, but the classes must be "
                f"{', '.join(class_names)}."
            )
        super().__init__(dataset.lower(), names)
        self._divided = self._divide(split_rule) if split_rule else {}

    def entries(self, split: str) -> Sequence[Entry]:
        """List the images of a split, in torchvision's order."""
        if self.split_rule:
            if split not in self._divided:
                known = ", ".join(self._divided)
                raise ImageSetError(f"{self.name} has no split {split!r}. Its splits are: {known}.")
            return self._divided[split]
        return self._list(split)

    def load(self, split: str, entry: Entry) -> LabelledImage:
        """Decode an image. Raises ImageSetError if torchvision cannot."""
        place, _, index = entry.source.partition("/")
        try:
            image = self._data(place)[int(index)][0]
            if image.width * image.height > MAX_PIXELS:
                raise ImageSetError(f"{entry.source} has more than {MAX_PIXELS} pixels.")
            pixels = np.array(image.convert("RGB"), dtype=np.uint8)
        except ImageSetError:
            raise
        except Exception as error:  # the readers of 17 data sets raise exceptions of any kind
            raise ImageSetError(
                f"{entry.source} of {self.name} cannot be read ({error}). Copy the data again."
            ) from error
        if self.fitted_size is not None:
            pixels = InputRule(self.fitted_size).apply(pixels)
        return LabelledImage(pixels, self.class_names[entry.class_index], split, entry.source)

    def _list(self, split: str) -> list[Entry]:
        labels = _labels(self._data(split))
        return [Entry(f"{split}/{index:06d}", label) for index, label in enumerate(labels)]

    def _divide(self, rule: SplitRule) -> dict[str, list[Entry]]:
        entries = {entry.source: entry for entry in self._list(_WHOLE)}
        classes = {source: entry.class_index for source, entry in entries.items()}
        return {
            split: [entries[source] for source in sources]
            for split, sources in rule.divide(classes, {}).items()
        }

    def _data(self, split: str) -> Any:
        if split not in self._loaded:
            self._loaded[split] = self._open(split)
        return self._loaded[split]

    def _open(self, split: str) -> Any:
        parameters = _parameters(self._kind)
        options: dict[str, Any] = {"download": False} if "download" in parameters else {}
        if "split" in parameters:
            options["split"] = _CHOICES.get(self._kind.__name__, {}).get(split, split)
        elif "train" in parameters:
            if split not in ("train", "test"):
                raise ImageSetError(
                    f"{self._kind.__name__} has no split {split!r}. Choose train or test."
                )
            options["train"] = split == "train"
        try:
            return self._kind(str(self._root), **options)
        except ValueError as error:
            raise ImageSetError(
                f"{self._kind.__name__} has no split {split!r} ({' '.join(str(error).split())})."
            ) from error
        except (OSError, RuntimeError) as error:
            raise ImageSetError(
                f"{self._kind.__name__} is not in {self._root} "
                f"({' '.join(str(error).split())}). Nothing is downloaded here: put the data there "
                "as torchvision does, and name the folder with --data-dir."
            ) from error

    def _names(self, data: Any) -> list[str]:
        for attribute in ("classes", "categories"):
            if names := getattr(data, attribute, None):
                return [name if isinstance(name, str) else ", ".join(name) for name in names]
        return [str(number) for number in sorted(set(_labels(data)))]


def _kind(name: str) -> Any:
    """Return the class of a data set. Raises ImageSetError for an unknown name."""
    by_name = {known.lower(): known for known in NAMES}
    if name.lower() not in by_name:
        raise ImageSetError(
            f"{name!r} is not a data set of torchvision that can be read here. Choose from: "
            f"{', '.join(NAMES)}."
        )
    import torchvision.datasets  # loads torch, which listing the names must not

    return getattr(torchvision.datasets, by_name[name.lower()])


def _parameters(kind: Any) -> Sequence[str]:
    return list(inspect.signature(kind).parameters)


def _labels(data: Any) -> list[int]:
    """Return the class of each image, if possible without decoding it."""
    for attribute in ("targets", "_labels", "labels", "y"):
        if (labels := getattr(data, attribute, None)) is not None:
            return [int(label) for label in labels]
    for attribute in ("_samples", "samples"):
        if samples := getattr(data, attribute, None):
            return [int(label) for _, label in samples]
    return [int(data[index][1]) for index in range(len(data))]
