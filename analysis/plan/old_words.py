"""Keys of a plan that were renamed: old plans stay readable, since their hashes are registered.

A plan is hashed as it was written; only its reading uses today's words.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.toml.positions import Path

RENAMED: Mapping[str, str] = {"meeting": "map_quality"}
"""Today's key of a table of the plan, by its old key."""


def replaced(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan's tables with today's keys; a table of today's key wins over an old one."""
    renamed = {RENAMED[key]: value for key, value in document.items() if key in RENAMED}
    return renamed | {key: value for key, value in document.items() if key not in RENAMED}


def doubled(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the old key and a sentence for each table that the plan has under both keys."""
    for old, today in RENAMED.items():
        if old in document and today in document:
            yield old, f"the plan has both [{today}] and its old name [{old}]. Remove [{old}]."


def path_today(path: Path) -> Path:
    """Return the path of a key as if the plan had today's keys."""
    return tuple(RENAMED.get(str(key), key) for key in path[:1]) + path[1:]


def path_as_written(path: Path, document: Mapping[str, Any]) -> Path:
    """Return the path of a key, given in today's words, as the document has it."""
    for old, today in RENAMED.items():
        if path[:1] == (today,) and today not in document and old in document:
            return (old, *path[1:])
    return path
