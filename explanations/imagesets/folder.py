"""Any folder with the layout ``split/class/image``, or ``class/image`` with a split rule."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from explanations.imagesets.base import Entry, ImageSetError
from explanations.imagesets.file_set import FileSet, Parts, folders_in, visible
from explanations.imagesets.grey_window import GreyWindow
from explanations.imagesets.manifest import FILE, read_groups
from explanations.imagesets.split_rule import SplitRule

_LAYOUT = "The layout is split/class/image, for example test/cat/0001.png."
_MENTIONED = 6
"""Folders that an error about the layout mentions."""


class FolderSet(FileSet):
    """Images from a folder. The classes are its folder names, sorted.

    ``class_names`` lists the only classes that are allowed. The default is the classes of the train
    split, or of all splits if there is no train split. ``split_rule`` divides a folder whose
    images lie in class folders without splits. ``size`` fits every image to a square of this many
    pixels. Names that begin with a dot and files next to the split folders are ignored, except
    manifest.csv, which gives the images' groups.
    """

    def __init__(
        self,
        root: Path,
        *,
        name: str = "",
        class_names: Sequence[str] | None = None,
        size: int | None = None,
        split_rule: SplitRule | None = None,
        window: GreyWindow | None = None,
    ) -> None:
        if not root.is_dir():
            raise ImageSetError(f"{root} is not a folder. {_LAYOUT}")
        _check_layout(root, split_rule)
        known = class_names or _find_classes(root, split_rule)
        super().__init__(
            root,
            name or root.resolve().name,
            known,
            size=size,
            split_rule=split_rule,
            window=window,
        )
        self._groups = read_groups(root)
        self._known: Parts = {}

    def splits(self) -> Sequence[str]:
        """List the split folders, or the splits of the rule."""
        if self.split_rule:
            return self.split_rule.splits
        return [path.name for path in folders_in(self._root)]

    def entries(self, split: str) -> Sequence[Entry]:
        """List all files of a split. Raises ImageSetError with every problem of its layout."""
        if split not in self.splits():
            what = "splits" if self.split_rule else "folders"
            known = ", ".join(self.splits()) or "none"
            layout = "" if self.split_rule else f" {_LAYOUT}"
            raise ImageSetError(
                f"{self._root} has no split {split!r}. Its {what} are: {known}.{layout}"
            )
        if self.split_rule:
            return self._by_rule[split]
        if split not in self._known:
            self._known[split] = self._list(self._root / split)
        return self._known[split]

    @cached_property
    def _by_rule(self) -> Parts:
        if self.split_rule is None:
            return {}
        return self._divided(self.split_rule, self._list(self._root))

    def _list(self, folder: Path) -> list[Entry]:
        """List the images in the class folders of a folder."""
        problems: list[str] = []
        entries: list[Entry] = []
        for path in visible(folder):
            if not path.is_dir():
                if folder != self._root:
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
        for path in visible(folder):
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


def is_divided(root: Path) -> bool:
    """Check whether a folder has the layout split/class/image."""
    return any(folders_in(path) for path in folders_in(root))


def _check_layout(root: Path, rule: SplitRule | None) -> None:
    """Raise ImageSetError if the folder is divided and a rule is given, or the other way round."""
    folders = folders_in(root)
    nested = [path for path in folders if folders_in(path)]
    flat = [path for path in folders if path not in nested and visible(path)]
    if rule is None and flat and not nested:
        raise ImageSetError(
            f"{root} contains {_seen(flat)}, but no folders below them, so these look like classes "
            "without splits. Give --split-rule 80/20 to divide them into train and test, or move "
            f"the images. {_LAYOUT}"
        )
    if rule is not None and nested:
        raise ImageSetError(
            f"--split-rule {rule} divides a folder class/image, but {root} contains folders in "
            f"{', '.join(path.name for path in nested[:_MENTIONED])}, as in split/class/image. "
            "Omit --split-rule, or name the folder that contains the class folders."
        )
    if not folders and (files := [path for path in visible(root) if path.name != FILE]):
        raise ImageSetError(
            f"{root} contains no class folders, only files such as {files[0].name}. {_LAYOUT} Or "
            "list the images in a csv file with the columns path, class and split, and name it."
        )


def _seen(folders: Sequence[Path]) -> str:
    seen = [f"{path.name} ({len(visible(path))} files)" for path in folders[:_MENTIONED]]
    more = f" and {len(folders) - _MENTIONED} more" if len(folders) > _MENTIONED else ""
    return f"the folders {', '.join(seen)}{more}"


def _find_classes(root: Path, rule: SplitRule | None) -> tuple[str, ...]:
    train = root / "train"
    splits = [root] if rule else [train] if train.is_dir() else folders_in(root)
    names = {folder.name for split in splits for folder in folders_in(split)}
    if not names:
        where = train if train.is_dir() else root
        raise ImageSetError(f"{where} contains no class folders. {_LAYOUT}")
    return tuple(sorted(names))
