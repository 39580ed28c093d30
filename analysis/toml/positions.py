"""Line numbers of all keys and list entries in a TOML text, which tomllib does not provide."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
MOST_LEVELS = 40
"""Limit of nested tables and lists, because tomllib recurses and a file could exhaust the stack."""
_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\r]+ | \#[^\n]*)
  | (?P<newline>\n)
  | (?P<text>\"{3}(?:[^\\]|\\.)*?\"{3,5} | '{3}.*?'{3,5} | "(?:[^"\\\n]|\\.)*" | '[^'\n]*')
  | (?P<mark>\[\[|\]\]|[\[\]{},=.])
  | (?P<word>[^\s\[\]{},=.#"']+ | ["'])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


class TooDeepError(ValueError):
    """Tables or lists are nested deeper than MOST_LEVELS, on the line ``line``."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(f"line {line}")


def line_numbers(text: str) -> dict[Path, int]:
    """Return the line, from 1, of each path: ("images",), ("images", "right"), ("arms", 2, "key").

    Entries of lists and of arrays of tables are counted from 0. The scanner accepts a
    text with mistakes; the only error that it raises is TooDeepError. A key that is written twice
    has the line of its first place.
    """
    scanner = _Scanner()
    line = 1
    for match in _TOKEN.finditer(text):
        scanner.take(str(match.lastgroup), match.group(), line)
        line += match.group().count("\n")
    return {**scanner.implied, **scanner.lines}


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """Return the line of the path or of its nearest owner, or None for the whole file."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


@dataclass
class _Frame:
    """A list or inline table that is still open, where ``index`` counts a list's entries."""

    path: Path
    is_list: bool
    index: int = 0


class _Scanner:
    """Reader of tokens, which records in ``lines`` where each key and each entry begins.

    ``implied`` contains the tables without a header that contain a table with a header.
    """

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.implied: dict[Path, int] = {}
        self._entries: dict[Path, int] = {}  # latest entry of each array of tables
        self._table: Path = ()
        self._header = ""  # "[" or "[[" while a table's header is read
        self._open: list[_Frame] = []
        self._key: list[str] = []
        self._key_line = 0
        self._in_value = False
        self._value: Path = ()  # of the key whose value is read

    def take(self, kind: str, token: str, line: int) -> None:
        """Take the next token, which begins on the line."""
        if kind == "blank":
            return
        if token in ("[[", "]]") and (self._open or self._in_value):
            # Two brackets open two lists within a value, and a header at the start of a line.
            for mark in token:
                self._mark(mark, line)
        elif kind == "mark":
            self._mark(token, line)
        elif kind == "newline":
            self._newline()
        elif self._in_value:
            self._begin_value(line)
        else:
            self._key_line = self._key_line or line
            self._key.append(_plain(token) if kind == "text" else token)
            if len(self._key) > MOST_LEVELS:
                raise TooDeepError(line)

    def _newline(self) -> None:
        if not self._open:
            self._header, self._key, self._key_line, self._in_value = "", [], 0, False

    def _mark(self, mark: str, line: int) -> None:
        if mark == "=":
            self._end_key()
        elif mark in ("[", "{") and self._in_value:
            self._open_frame(mark == "[", line)
        elif mark in ("[", "[["):
            self._header, self._key, self._key_line = mark, [], line
        elif mark in ("]", "]]") and self._header:
            self._end_header()
        elif mark in ("]", "}") and self._open:
            self._open.pop()
            self._in_value = True
        elif mark == "," and self._open:
            frame = self._open[-1]
            frame.index += 1
            self._in_value, self._key, self._key_line = frame.is_list, [], 0

    def _end_key(self) -> None:
        if self._in_value or not self._key:
            return
        base = self._open[-1].path if self._open else self._table
        self._value = base
        for part in self._key:
            self._value = (*self._value, part)
            self._note(self._value, self._key_line)
        self._key, self._key_line, self._in_value = [], 0, True

    def _note(self, path: Path, line: int) -> None:
        if len(path) > MOST_LEVELS:
            raise TooDeepError(line)
        self.lines.setdefault(path, line)

    def _begin_value(self, line: int) -> Path:
        """Record the next entry of a list, and return the path of the value that begins here."""
        if self._open and self._open[-1].is_list:
            frame = self._open[-1]
            path: Path = (*frame.path, frame.index)
            self._note(path, line)
            return path
        return self._value

    def _open_frame(self, is_list: bool, line: int) -> None:
        self._open.append(_Frame(self._begin_value(line), is_list))
        self._in_value = is_list

    def _end_header(self) -> None:
        if self._key:
            *owners, name = self._key
            table: Path = (*self._latest(owners), name)
            if self._header == "[[":
                self._entries[table] = self._entries.get(table, -1) + 1
                self.lines.setdefault(table, self._key_line)
                table = (*table, self._entries[table])
            for level in range(1, len(table)):
                self.implied.setdefault(table[:level], self._key_line)
            self._note(table, self._key_line)
            self._table = table
        self._header, self._key, self._key_line = "", [], 0

    def _latest(self, owners: list[str]) -> Path:
        """Return a table's path, with the latest entry of each array that it lies in."""
        path: Path = ()
        for name in owners:
            path = (*path, name)
            path = (*path, self._entries[path]) if path in self._entries else path
        return path


def _plain(text: str) -> str:
    """Return the meaning of a quoted key."""
    if text.startswith("'"):
        return text.strip("'")
    return _ESCAPE.sub(lambda match: _unescaped(match[1]), text[1:-1])


def _unescaped(code: str) -> Any:
    if code[0] in "uU" and len(code) > 1 and int(code[1:], 16) <= 0x10FFFF:
        return chr(int(code[1:], 16))
    return _ESCAPED.get(code, code)
