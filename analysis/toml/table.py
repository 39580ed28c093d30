"""Reads a table of a TOML file with checks; what is wrong is collected, with its line."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.toml.document import read
from analysis.toml.positions import Path
from analysis.toml.problems import FileProblemsError, Problems, did_you_mean


class PlacedProblems(Problems):
    """Problems that know the lines of their file."""

    lines: Mapping[Path, int] = {}

    def sentences(self, lines: Mapping[Path, int] | None = None) -> list[str]:
        return super().sentences(self.lines if lines is None else lines)


class Table:
    """One table. Asking for a key declares it; ``finish`` reports the keys nobody asked for.

    A value that is missing or of the wrong type is reported, and an empty one of the right type is
    returned, so that reading goes on to the next problem.
    """

    def __init__(
        self, values: Mapping[str, Any], path: Path, problems: Problems, absent: bool = False
    ) -> None:
        self.values, self.path, self.problems = values, path, problems
        self._asked: list[str] = []
        self._absent = absent  # reported as missing, so that nothing in it is

    @property
    def name(self) -> str:
        return f"[{'.'.join(str(part) for part in self.path if isinstance(part, str))}]"

    def add(self, key: str, sentence: str) -> None:
        """Report a problem with the key's value."""
        if not self._absent:
            self.problems.add((*self.path, key), sentence)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._value(key, default, str, "text in quotes")
        if default is None and isinstance(value, str) and not value.strip():
            self.add(key, f"{self._of(key)} is empty. Write it.")
        return value.strip() if isinstance(value, str) else ""

    def integer(self, key: str, default: int | None = None, minimum: int = 0) -> int:
        value = self._value(key, default, int, "a whole number")
        if value is None:
            return max(minimum, 0)
        if value < minimum:
            self.add(key, f"{self._of(key)} is {value}. It must be at least {minimum}.")
        return int(value)

    def number(self, key: str, default: float | None = None) -> float:
        """A number, whole or not."""
        whole = type(self.values.get(key)) is int
        value = self._value(key, default, int if whole else float, "a number")
        return 0.0 if value is None else float(value)

    def flag(self, key: str, default: bool) -> bool:
        return bool(self._value(key, default, bool, "true or false"))

    def list_of(self, key: str, kind: type, default: Sequence[Any] | None = None) -> list[Any]:
        """A list whose entries are all of the kind (str or int)."""
        value = self._value(key, default, list, "a list in [ ]") or []
        if any(type(entry) is not kind for entry in value):
            noun = {str: "texts in quotes", int: "whole numbers"}[kind]
            self.add(key, f"{self._of(key)} is {value!r}. It must be a list of {noun}.")
            return []
        return list(value)

    def mapping(self, key: str, default: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A table as it stands, unchecked."""
        return dict(self._value(key, default, dict, "a table") or {})

    def table(self, key: str, default: Mapping[str, Any] | None = None) -> "Table":
        absent = self._absent or (default is None and type(self.values.get(key)) is not dict)
        return Table(self.mapping(key, default), (*self.path, key), self.problems, absent)

    def tables(self, key: str, default: Sequence[Any] | None = None) -> list["Table"]:
        """The tables written [[key]]."""
        entries = self._value(key, default, list, f"tables written [[{key}]]") or []
        if not all(isinstance(entry, dict) for entry in entries):
            self.add(key, f"{self._of(key)} must be tables written [[{key}]].")
            return []
        return [
            Table(entry, (*self.path, key, number), self.problems)
            for number, entry in enumerate(entries)
        ]

    def mark(self, key: str) -> None:
        """Declare a key without reading it."""
        self._asked.append(key)

    def finish(self) -> None:
        for key in self.values:
            if key not in self._asked:
                where = f" in {self.name}" if self.path else ""
                self.add(key, f"unknown key {key!r}{where}{did_you_mean(key, self._asked)}")

    def _value(self, key: str, default: Any, kind: type, noun: str) -> Any:
        self._asked.append(key)
        if key not in self.values:
            if default is None and not self._absent:
                self.add(key, f"{self._of(key)} is missing. Add it, as {noun}.")
            return default
        value = self.values[key]
        if type(value) is not kind:
            self.add(key, f"{self._of(key)} is {value!r}. It must be {noun}.")
            return default
        return value

    def _of(self, key: str) -> str:
        return f"{key!r} in {self.name}" if self.path else f"{key!r}"


def document(text: str, name: str, error: type[FileProblemsError]) -> Table:
    """The file's outermost table; raises ``error`` when the text cannot be read as TOML.

    A value that is no TOML is among the table's problems, and reading goes on.
    """
    found = read(text, name, error)
    problems = PlacedProblems()
    problems.__dict__.update(found.problems.__dict__)
    problems.lines = found.lines
    return Table(found.values, (), problems)
