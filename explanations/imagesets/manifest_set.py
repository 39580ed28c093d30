"""Images that a csv file lists, with their classes, splits and groups."""

from collections.abc import Sequence
from pathlib import Path

from explanations.imagesets.base import Entry, ImageSetError
from explanations.imagesets.file_set import FileSet, no_split
from explanations.imagesets.grey_window import GreyWindow
from explanations.imagesets.manifest import LONGEST_GROUP, is_image, rows_of
from explanations.imagesets.split_rule import SplitRule

_COLUMNS = (
    "The columns are path (relative to the csv file), class, split and, if images belong together, "
    "group."
)
LONGEST = 80
"""Longest class name; the database stores no longer one."""
LONGEST_SPLIT = 40


class ManifestSet(FileSet):
    """Images listed in a csv file with the columns ``path``, ``class``, ``split`` and ``group``.

    ``group``, such as the patient, is optional. Without the column ``split``, a rule divides the
    images. Other columns are ignored. Paths are relative to the file's folder.
    """

    def __init__(
        self,
        file: Path,
        *,
        name: str = "",
        class_names: Sequence[str] | None = None,
        size: int | None = None,
        split_rule: SplitRule | None = None,
        window: GreyWindow | None = None,
    ) -> None:
        rows = _read(file, split_rule)
        known = class_names or sorted({row["class"] for row in rows})
        _check_classes(file, rows, known)
        super().__init__(
            file.parent, name or file.stem, known, size=size, split_rule=split_rule, window=window
        )
        entries = [
            Entry(row["path"], self.class_names.index(row["class"]), row.get("group", ""))
            for row in rows
        ]
        self._file = file
        if split_rule:
            self._parts = self._divided(split_rule, entries)
        else:
            self._parts = {}
            for entry, row in zip(entries, rows, strict=True):
                self._parts.setdefault(row["split"], []).append(entry)

    def splits(self) -> Sequence[str]:
        """List the splits of the file, or of the rule."""
        return sorted(self._parts)

    def entries(self, split: str) -> Sequence[Entry]:
        """List the images of a split, in the order of the file."""
        if split not in self._parts:
            raise no_split(str(self._file), split, self.splits())
        return self._parts[split]


def _read(file: Path, rule: SplitRule | None) -> list[dict[str, str]]:
    """Return the rows with their line numbers. Raises ImageSetError with every problem."""
    columns, rows = rows_of(file.read_bytes(), str(file))
    missing = [column for column in ("path", "class") if column not in columns]
    if missing:
        raise ImageSetError(
            f"{file} has the columns {', '.join(columns) or 'none'}, but lacks "
            f"{' and '.join(missing)}. {_COLUMNS}"
        )
    if ("split" in columns) == (rule is not None):
        raise ImageSetError(
            f"{file} has a column split, so that --split-rule {rule} has nothing to divide. Omit "
            "one of them."
            if rule
            else f"{file} has no column split. Add it, or give --split-rule 80/20."
        )
    if not rows:
        raise ImageSetError(f"{file} lists no images. Add a line per image.")
    if problems := list(_problems(file, rows)):
        raise ImageSetError(*problems)
    return rows


def _problems(file: Path, rows: Sequence[dict[str, str]]) -> list[str]:
    problems: list[str] = []
    seen: set[str] = set()
    limits = {"class": LONGEST, "split": LONGEST_SPLIT, "group": LONGEST_GROUP}
    for row in rows:
        place = f"{file}, line {row['']}"
        if row["path"] in seen:
            problems.append(f"{place}: {row['path']!r} is listed twice. Remove one line.")
        elif not is_image(file.parent, row["path"]):
            problems.append(
                f"{place}: there is no image {row['path']!r} in {file.parent}. Correct the path, "
                "or remove the line."
            )
        seen.add(row["path"])
        for column, most in limits.items():
            text = row.get(column, "")
            if len(text) > most:
                problems.append(
                    f"{place}: the {column} has {len(text)} characters, but may have {most}. "
                    "Shorten it."
                )
            elif not text and column in row and column != "group":
                problems.append(f"{place}: the {column} is empty. Enter it.")
    return problems


def _check_classes(file: Path, rows: Sequence[dict[str, str]], known: Sequence[str]) -> None:
    unknown = sorted({row["class"] for row in rows} - set(known))
    if unknown:
        raise ImageSetError(
            f"{file} has the class {unknown[0]!r}, which is unknown. Known classes: "
            f"{', '.join(known)}. Correct it."
        )
