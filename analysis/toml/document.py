"""Values of a TOML text with the line of each, and a sentence for every mistake."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.toml import repair
from analysis.toml.positions import Path, line_numbers
from analysis.toml.problems import FileProblemsError, Problems

NUL = "\0"


@dataclass(frozen=True)
class Document:
    """Values of a TOML file, its problems, and the lines on which they are reported.

    Values that cannot be read are absent from ``values`` and are faults among the problems.
    """

    values: dict[str, Any]
    lines: Mapping[Path, int] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)

    def table(self, key: str) -> dict[str, Any]:
        """Return the table under the key, or an empty table if the value is not a table."""
        value = self.values.get(key)
        return value if isinstance(value, dict) else {}

    def tables(self, key: str) -> list[dict[str, Any]]:
        """Return the tables written [[key]], with an empty table for any other entry."""
        value = self.values.get(key)
        entries = value if isinstance(value, list) else []
        return [entry if isinstance(entry, dict) else {} for entry in entries]

    def sentences(self) -> list[str]:
        """Return every problem with its line, in the order of the file."""
        return self.problems.sentences(self.lines)

    def raise_problems(self, name: str, error: type[FileProblemsError]) -> None:
        """Raise ``error`` with every problem of the file called ``name``, if there are any."""
        if self.problems:
            raise error(name, self.sentences())


def read(text: str, name: str, error: type[FileProblemsError]) -> Document:
    """Return the document in the text.

    A value that is not valid TOML becomes a problem of the document, and the other values are
    read. Raises ``error`` if the text cannot be read as TOML.
    """
    reading = repair.read(text)
    problems = Problems()
    for mistake in reading.mistakes:
        problems.add_on_line(mistake.line, mistake.sentence)
    if reading.values is None:
        raise error(name, problems.sentences())
    return Document(_readable(reading.values, (), problems), line_numbers(reading.text), problems)


def _readable(table: Mapping[str, Any], path: Path, problems: Problems) -> dict[str, Any]:
    """Return the table without the values that cannot be used, which become faults."""
    kept: dict[str, Any] = {}
    for key, value in table.items():
        place = (*path, key)
        if NUL in key:
            problems.fault(place, f"the key {key!r} contains the character NUL. Remove it.")
        elif isinstance(value, dict):
            kept[key] = _readable(value, place, problems)
        elif isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
            kept[key] = [
                _readable(entry, (*place, number), problems) for number, entry in enumerate(value)
            ]
        elif value == repair.UNREADABLE:
            problems.fault(place)  # reported as a mistake in the text
        elif _has_nul(value):
            problems.fault(
                place,
                f"{key!r} contains the character NUL (\\u0000), which cannot be stored. Remove it.",
            )
        else:
            kept[key] = value
    return kept


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return NUL in value
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, dict) and any(map(_has_nul, (*value, *value.values())))
