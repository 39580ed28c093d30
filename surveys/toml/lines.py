"""Where in a TOML file a key stands: tomllib tells values, and no line numbers."""

import re
from collections.abc import Iterable, Iterator

Path = tuple[str | int, ...]
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=")
_QUOTES = re.compile(r'"""|\'\'\'')


def line_numbers(text: str) -> dict[Path, int]:
    """Line, from 1, by path: ("images",), ("images", "right"), ("arms", 2, "label").

    Tables of an array are counted from 0. What stands inside of an inline table or a list has no
    line of its own; ``line_of`` then gives its owner's.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in _outside_long_texts(text):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            *owners, name = _names(header[2])
            table = (*_latest(owners, counts), name)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, counts[table])
            lines[table] = number
        elif key:
            lines[(*table, *_names(key[1]))] = number
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of the path or of the nearest owner that has one; None for the whole file."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _latest(owners: Iterable[str | int], counts: dict[Path, int]) -> Path:
    """A table's path, with the latest entry of each array that it lies in."""
    path: Path = ()
    for name in owners:
        path = (*path, name)
        path = (*path, counts[path]) if path in counts else path
    return path


def _names(dotted: str) -> Path:
    return tuple(name.strip(" \"'") for name in dotted.split("."))


def _outside_long_texts(text: str) -> Iterator[tuple[int, str]]:
    """The lines that do not lie within a multi-line text, which may look like keys."""
    closing = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not closing:
            yield number, line
        for quote in _QUOTES.findall(line):
            closing = "" if quote == closing else closing or quote
