"""A file of any kind as tables of texts and lines of text."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TextTable:
    """A table as texts; ``name`` says where in the file it is, and is empty for the only table.

    Empty cells are empty texts. Every row has a cell for every column.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    name: str = ""

    def values(self, place: int) -> list[str]:
        """Return the cells of a column that are not empty."""
        return [row[place] for row in self.rows if row[place].strip()]


@dataclass(frozen=True)
class Document:
    """The content of a file.

    ``lines`` are single texts with their numbers and places, such as a key of a JSON file.
    """

    tables: Sequence[TextTable] = ()
    lines: Sequence[tuple[int, str, str]] = ()
    problem: str = ""
    metadata: Sequence[str] = field(default_factory=tuple)
    """Metadata that records where and how a picture was taken."""


def of_json(value: Any) -> Document:
    """Return a JSON value: lists of objects as tables, and everything else as lines."""
    tables: list[TextTable] = []
    lines: list[tuple[int, str, str]] = []
    _walk(value, "", tables, lines)
    return Document(tables, lines)


def _walk(
    value: Any, path: str, tables: list[TextTable], lines: list[tuple[int, str, str]]
) -> None:
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        tables.append(_records(value, path))
    elif isinstance(value, dict):
        for key, inner in value.items():
            _walk(inner, f"{path}.{key}" if path else str(key), tables, lines)
            # Objects may be keyed by the id of a person.
            lines.append((0, f"key of {path or 'the file'}", str(key)))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            if isinstance(inner, dict | list):
                _walk(inner, f"{path}[{number}]", tables, lines)
            else:
                lines.append((number, path, text_of(inner)))
    else:
        lines.append((0, path, text_of(value)))


def _records(records: list[dict[str, Any]], name: str) -> TextTable:
    flat = [dict(_flat(record, "")) for record in records]
    columns = tuple(dict.fromkeys(key for record in flat for key in record))
    return TextTable(columns, [[record.get(c, "") for c in columns] for record in flat], name)


def _flat(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the values of an object by their paths; a list stays JSON, which cells may contain."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        yield path, json.dumps(value, ensure_ascii=False)
    else:
        yield path, text_of(value)


def text_of(value: Any) -> str:
    """Return a value of a cell as text; missing values are empty."""
    if value is None or value != value:  # a NaN differs from itself
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def json_in(text: str) -> Any:
    """Return the JSON object or list that a cell contains, or None."""
    stripped = text.strip()
    if not stripped or stripped[0] + stripped[-1] not in ("{}", "[]"):
        return None
    try:
        return json.loads(stripped)
    except (ValueError, RecursionError):
        return None
