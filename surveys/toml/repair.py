"""Reads TOML past its first mistake: a value that is none is noted, and reading goes on."""

import re
import tomllib
from dataclasses import dataclass
from typing import Any

BYTE_ORDER_MARK = "\ufeff"  # some editors write it; TOML does not know it
UNREADABLE = "\0"
"""Stands where a value could not be read: it was reported, so that nobody reports it again."""
UNREADABLE_TEXT = '"\\u0000"'
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_LINE = re.compile(r"(\s*[A-Za-z0-9_.\"'-]+\s*=).*")
_LONG = re.compile(r'"""|\'\'\'')
_TWICE = "Cannot overwrite a value"
AT_THE_END = ", and the file ends"
MOST_MISTAKES = 50


@dataclass(frozen=True)
class Mistake:
    """What is no TOML: the line from 1, 0 for the end of the file, and a sentence with the cure."""

    line: int
    sentence: str


def read(text: str) -> tuple[dict[str, Any] | None, list[Mistake]]:
    """The values with every mistake; None where a mistake hides what the rest of the file means."""
    lines = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").split("\n")
    found: list[Mistake] = []
    while len(found) < MOST_MISTAKES:
        try:
            return tomllib.loads("\n".join(lines)), found
        except tomllib.TOMLDecodeError as failure:
            number, what = _where(failure)
            number = number or _opened(lines)
            line = lines[number - 1] if 0 < number <= len(lines) else ""
            if UNREADABLE_TEXT in line:  # reported, and still in the way
                return None, found
            found.append(Mistake(number, f"it is no TOML file: {what}. {_cure(what, line)}"))
            match = None if AT_THE_END in what else _LINE.match(line)
            if not match:
                return None, found
            lines[number - 1] = "" if _TWICE in what else f"{match[1]} {UNREADABLE_TEXT}"
    return None, found


def _where(failure: tomllib.TOMLDecodeError) -> tuple[int, str]:
    place = _PLACE.search(str(failure))
    number = int(place[1]) if place and place[1] else 0
    return number, _PLACE.sub("", str(failure)) + ("" if number else AT_THE_END)


def _opened(lines: list[str]) -> int:
    """The line where the long text begins that is never closed; 0 if there is none."""
    closing, begun = "", 0
    for number, line in enumerate(lines, start=1):
        for quotes in _LONG.findall(line):
            if not closing:
                closing, begun = quotes, number
            elif quotes == closing:
                closing = ""
    return begun if closing else 0


def _cure(what: str, line: str) -> str:
    if any(quote in line for quote in "“”„‘’"):
        return 'Type straight quotes: "…".'
    if _TWICE in what:
        return "The same key stands here twice. Remove one."
    if line.lstrip().startswith("["):
        return "A table is written [name], or [[name]] where there can be several."
    if AT_THE_END in what:
        return 'Close the last quotes: """ around a long text, " around a short one.'
    return 'Texts stand in "quotes"; whole numbers, true and false stand without; a list in [ ].'
