"""The manifest of a folder of images, which says what the images have in common besides their
class."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from explanations.imagesets.base import ImageSetError

FILE = "manifest.csv"
LONGEST_GROUP = 80


def read_groups(root: Path) -> Mapping[str, str]:
    """Return the group of each image by its path, such as "test/cat/0001.png".

    The manifest is the file manifest.csv next to the splits, with the columns ``path`` and
    ``group``; others are ignored. Without such a file, or without a column ``group``, no image has
    a group. Raises ImageSetError with a line per problem.
    """
    place = root / FILE
    if not place.is_file():
        return {}
    return parse_groups(place.read_bytes(), str(place), lambda path: is_image(root, path))


def lists_classes(root: Path) -> bool:
    """Check whether the manifest of a folder lists its images with their classes."""
    place = root / FILE
    return place.is_file() and "class" in rows_of(place.read_bytes(), str(place))[0]


def rows_of(content: bytes, place: str) -> tuple[list[str], list[dict[str, str]]]:
    """Return the columns and the rows of a csv file in UTF-8, without blank space around values.

    The key "" of a row is the number of its line. Raises ImageSetError if it is not UTF-8.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImageSetError(f"{place} is not UTF-8 ({error.reason}). Save it as UTF-8.") from error
    reader = csv.DictReader(text.splitlines())
    columns = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = columns
    rows = [
        {name: (row[name] or "").strip() for name in columns} | {"": str(reader.line_num)}
        for row in reader
    ]
    return columns, rows


def parse_groups(content: bytes, place: str, is_image: Callable[[str], bool]) -> Mapping[str, str]:
    """Return the group of each image by its path, from a manifest that errors call ``place``.

    ``is_image`` tells whether there is an image at a path. Raises ImageSetError with a line per
    problem.
    """
    columns, rows = rows_of(content, place)
    if "group" not in columns:
        return {}
    if "path" not in columns:
        raise ImageSetError(
            f"{place} has the columns {', '.join(columns)}, but its column group needs a column "
            "path, such as test/cat/0001.png. Add it."
        )
    groups: dict[str, str] = {}
    problems: list[str] = []
    for row in rows:
        path, group = row["path"], row["group"]
        if path in groups:
            problems.append(f"{place}, line {row['']}: {path!r} is listed twice. Remove one.")
        elif not is_image(path):
            problems.append(
                f"{place}, line {row['']}: there is no image {path!r}. Correct the path, or "
                "remove the line."
            )
        elif len(group) > LONGEST_GROUP:
            problems.append(
                f"{place}, line {row['']}: the group has {len(group)} characters, but may "
                f"have {LONGEST_GROUP}. Shorten it."
            )
        groups[path] = group
    if problems:
        raise ImageSetError(*problems)
    return groups


def is_image(root: Path, path: str) -> bool:
    """Check that the path is written as the set writes it, because others would match no image."""
    written = PurePosixPath(path)
    is_plain = bool(path) and written.as_posix() == path and not written.is_absolute()
    is_plain = is_plain and ".." not in written.parts
    return is_plain and (root / path).is_file()
