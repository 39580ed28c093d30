"""What the sections of the structured editor share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.toml_edits import Change, edited, value_at

Values = Mapping[str, Any]
Sent = Mapping[str, Any]
NEW = "new"


@dataclass(frozen=True)
class Section:
    """A page of the editor. ``write`` returns the file with what was touched in the form, and
    ``note`` a sentence on this particular file, empty for none.
    """

    key: str
    label: Promise
    lead: Promise
    entries: Callable[[Values], list[Entry]]
    write: Callable[[str, Values, Sent, list[Entry]], str]
    note: Callable[[Values], str] = lambda values: ""


def touched(values: Values, sent: Sent, entries: Sequence[Entry]) -> list[Change]:
    """Return the changes of all fields that somebody touched."""
    return [
        change
        for entry in entries
        if entry.name in sent
        for change in entry.changes(values, sent[entry.name])
    ]


def tables(values: Values, *path: str | int) -> list[Mapping[str, Any]]:
    """Return the list of tables at the path, empty if the file has something else there."""
    there = value_at(values, path, [])
    is_list = isinstance(there, list) and all(isinstance(entry, dict) for entry in there)
    return list(there) if is_list else []


def conditions(values: Values) -> tuple[str, list[Mapping[str, Any]]]:
    """Return the name of the file's list of arms or conditions, and the list."""
    name = "conditions" if "conditions" in values else "arms"
    return name, tables(values, name)


def write_touched(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    """Return the file with what was touched, where every field is a value of the file."""
    return edited(source, touched(values, sent, entries))
