"""Renamed keys of a plan, so that old plans whose hashes are registered stay readable.

A plan is hashed as it was written, and only read under today's keys.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.toml.positions import Path

RENAMED: Mapping[str, str] = {"meeting": "map_quality"}
"""Today's key of a table of the plan, by its old key."""


def replaced(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan's tables with today's keys. A table under today's key takes precedence."""
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
    """Return the path of one of today's keys as the document spells it."""
    for old, today in RENAMED.items():
        if path[:1] == (today,) and today not in document and old in document:
            return (old, *path[1:])
    return path
