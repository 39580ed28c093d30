"""Reading of TOML beyond its first mistake, with a record of every invalid value."""

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from analysis.toml.positions import MOST_LEVELS, TooDeepError, line_numbers

BYTE_ORDER_MARK = "\ufeff"  # written by some editors; TOML does not allow it
UNREADABLE = "\0unreadable\0"
"""Replacement for a value that could not be read and was reported. No file can contain it by
accident, because NUL characters are refused."""
UNREADABLE_TEXT = '"\\u0000unreadable\\u0000"'
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_LINE = re.compile(r"(\s*[A-Za-z0-9_.\"'-]+\s*=).*")
_LONG = re.compile(r'"""|\'\'\'')
_TWICE = "Cannot overwrite a value"
AT_THE_END = ", and the file ends"
MOST_MISTAKES = 50


@dataclass(frozen=True)
class Mistake:
    """A place that is not valid TOML, with its line (0 for the end of the file) and the cure."""

    line: int
    sentence: str


@dataclass(frozen=True)
class Reading:
    """A text read as far as possible.

    ``values`` is None if a mistake hides the meaning of the rest of the file. ``text`` is the text
    that was finally read, which differs from the file only on the lines with mistakes.
    """

    values: dict[str, Any] | None
    text: str
    mistakes: tuple[Mistake, ...]


def read(text: str) -> Reading:
    """Return the values of the text, and every mistake in it."""
    lines = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").split("\n")
    mistakes: list[Mistake] = []

    def reading(values: dict[str, Any] | None) -> Reading:
        return Reading(values, "\n".join(lines), tuple(mistakes))

    while len(mistakes) < MOST_MISTAKES:
        try:
            # The scanner comes first, because unlike tomllib it does not recurse once per level.
            line_numbers("\n".join(lines))
            return reading(tomllib.loads("\n".join(lines)))
        except TooDeepError as failure:
            mistakes.append(Mistake(failure.line, _too_deep()))
            return reading(None)
        except RecursionError:
            mistakes.append(Mistake(0, _too_deep()))
            return reading(None)
        except tomllib.TOMLDecodeError as failure:
            number, what = _where(failure)
            opened = 0 if number else _opened(lines)  # a long text that is never closed
            number = number or opened or _last(lines)
            line = lines[number - 1] if 0 < number <= len(lines) else ""
            if UNREADABLE_TEXT in line:  # reported already, but still unreadable
                return reading(None)
            mistakes.append(Mistake(number, f"it is not a TOML file: {what}. {_cure(what, line)}"))
            match = None if opened else _LINE.match(line)
            if not match:
                return reading(None)
            lines[number - 1] = "" if _TWICE in what else f"{match[1]} {UNREADABLE_TEXT}"
    return reading(None)


def _too_deep() -> str:
    return (
        f"tables and lists are nested more than {MOST_LEVELS} levels deep. Close the "
        "brackets that were left open, or nest fewer levels."
    )


def _where(failure: tomllib.TOMLDecodeError) -> tuple[int, str]:
    place = _PLACE.search(str(failure))
    number = int(place[1]) if place and place[1] else 0
    return number, _PLACE.sub("", str(failure)) + ("" if number else AT_THE_END)


def _opened(lines: list[str]) -> int:
    """Return the line on which a long text begins that is never closed, or 0 if there is none."""
    closing, begun = "", 0
    for number, line in enumerate(lines, start=1):
        for quotes in _LONG.findall(line):
            if not closing:
                closing, begun = quotes, number
            elif quotes == closing:
                closing = ""
    return begun if closing else 0


def _last(lines: list[str]) -> int:
    """Return the last line that is not blank, or 0 if there is none."""
    return max((number for number, line in enumerate(lines, start=1) if line.strip()), default=0)


def _cure(what: str, line: str) -> str:
    if any(quote in line for quote in "“”„‘’"):
        return 'Type straight quotes: "…".'
    if _TWICE in what:
        return "The same key is written twice. Remove one of the two."
    if line.lstrip().startswith("["):
        return "Write a table as [name], or as [[name]] where several are allowed."
    if what.startswith("Unterminated"):
        return 'Close the last quotes: """ around a long text, " around a short one.'
    return (
        'Write texts in "quotes", lists in [ ], and whole numbers, true and false without quotes.'
    )
