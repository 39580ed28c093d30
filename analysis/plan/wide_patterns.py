"""Patterns of column names such as "rating_{image}", which describe a table with wide rows."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\{(?P<name>[A-Za-z_]\w*)(?:=(?P<values>[^{}]*))?\}")


@dataclass(frozen=True)
class Pattern:
    """A pattern whose parts in braces each stand for the value of a column of ours.

    `names` are these columns in the order of the pattern.
    """

    text: str
    names: tuple[str, ...]
    expression: re.Pattern[str]

    def values(self, column: str) -> Mapping[str, str] | None:
        """Return the values by name if the column's name fits the pattern, or None."""
        fits = self.expression.fullmatch(column)
        return None if fits is None else fits.groupdict()

    def with_values(self, values: Mapping[str, str]) -> str:
        """Return the name of the column that has these values."""
        return _PLACEHOLDER.sub(lambda part: values[part["name"]], self.text)


def read_pattern(text: str) -> Pattern | None:
    """Return the pattern, or None if the text has no part in braces, or one that cannot be read.

    "{image}" matches any text, as short as possible; "{image=cat|dog}" matches one of two texts.
    """
    names: list[str] = []
    expression, end = "", 0
    for part in _PLACEHOLDER.finditer(text):
        name, values = part["name"], part["values"]
        allowed = ".+?" if values is None else "|".join(map(re.escape, values.split("|")))
        expression += f"{re.escape(text[end : part.start()])}(?P<{name}>{allowed})"
        end = part.end()
        names.append(name)
    rest = text[end:]
    if not names or len(set(names)) < len(names) or set("{}") & set(_PLACEHOLDER.sub("", text)):
        return None
    return Pattern(text, tuple(names), re.compile(expression + re.escape(rest)))


def placeholders(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of ours that the patterns fill, each once."""
    patterns = [read_pattern(text) for text in texts]
    names = [name for pattern in patterns if pattern is not None for name in pattern.names]
    return tuple(dict.fromkeys(names))
