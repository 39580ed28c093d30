"""Any folder with the layout ``split/class/image``."""

from collections.abc import Sequence
from pathlib import Path

from explanations.imagesets.base import Entry, ImageSet, ImageSetError, LabelledImage
from explanations.imagesets.decoding import decode_image, fit_square
from explanations.imagesets.manifest import read_groups

_LAYOUT = "The layout is split/class/image, for example test/cat/0001.png."


class FolderSet(ImageSet):
    """Images from a folder. The classes are its folder names, sorted.

    ``class_names`` lists the only classes that are allowed. The default is the classes of the train
    split, or of all splits if there is no train split. ``size`` fits every image to a square of
    this many pixels. Names that begin with a dot and files next to the split folders are ignored,
    except manifest.csv, which gives the images' groups.
    """

    def __init__(
        self,
        root: Path,
        *,
        name: str = "",
        class_names: Sequence[str] | None = None,
        size: int | None = None,
    ) -> None:
        if not root.is_dir():
            raise ImageSetError(f"{root} is not a folder. {_LAYOUT}")
        super().__init__(name or root.resolve().name, class_names or _find_classes(root))
        self._root = root
        self._size = size
        self._groups = read_groups(root)
        self._known: dict[str, list[Entry]] = {}

    def entries(self, split: str) -> Sequence[Entry]:
        """List all files of a split. Raises ImageSetError with every problem of its layout."""
        if split not in self._known:
            self._known[split] = self._list(split)
        return self._known[split]

    def load(self, split: str, entry: Entry) -> LabelledImage:
        """Decode a file."""
        pixels = decode_image(self._root / entry.source)
        if self._size is not None:
            pixels = fit_square(pixels, self._size)
        class_name = self.class_names[entry.class_index]
        return LabelledImage(pixels, class_name, split, entry.source, group=entry.group)

    def _list(self, split: str) -> list[Entry]:
        folder = self._root / split
        splits = [path.name for path in _folders(self._root)]
        if split not in splits:
            known = ", ".join(splits) or "none"
            raise ImageSetError(
                f"{self._root} has no split {split!r}. Its folders are: {known}. {_LAYOUT}"
            )
        problems: list[str] = []
        entries: list[Entry] = []
        for path in _visible(folder):
            if not path.is_dir():
                problems.append(f"{path} is outside the class folders. Move or remove it.")
            elif path.name not in self.class_names:
                known = ", ".join(self.class_names)
                problems.append(
                    f"{path} is an unknown class. Known classes: {known}. Rename or remove it."
                )
            else:
                entries += self._list_class(path, problems)
        if not entries and not problems:
            problems.append(f"{folder} is empty. {_LAYOUT}")
        # Problems are collected, so that a folder can be repaired in one go.
        if problems:
            raise ImageSetError(*problems)
        return entries

    def _list_class(self, folder: Path, problems: list[str]) -> list[Entry]:
        index = self.class_names.index(folder.name)
        prefix = folder.relative_to(self._root).as_posix()
        entries = []
        for path in _visible(folder):
            if path.is_dir():
                problems.append(
                    f"{path} is a folder among images. Move its images up and remove it."
                )
            else:
                source = f"{prefix}/{path.name}"
                entries.append(Entry(source, index, self._groups.get(source, "")))
        if not entries:
            problems.append(f"{folder} is an empty class folder. Add images or remove it.")
        return entries


def _find_classes(root: Path) -> tuple[str, ...]:
    train = root / "train"
    splits = [train] if train.is_dir() else _folders(root)
    names = {folder.name for split in splits for folder in _folders(split)}
    if not names:
        where = train if train.is_dir() else root
        raise ImageSetError(f"{where} contains no class folders. {_LAYOUT}")
    return tuple(sorted(names))


def _folders(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.is_dir()]


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
