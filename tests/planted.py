"""A TOML file with every key of a type, and a fault planted in each key in turn.

The file is made from the types themselves, so that a new key is covered on arrival.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from analysis.toml.sentences import entry_type, known_words, metadata_of, without_none
from analysis.toml.value_types import CellOrCells

FAULT = "1979-05-27"
"""A date: TOML has dates, and no key of ours takes one."""
UNKNOWN = "surprise"


@dataclass(frozen=True)
class Line:
    """A line of the file: the key on it, or the header of the table that begins there."""

    path: tuple[str | int, ...]
    text: str
    is_open: bool = False  # any key can follow

    @property
    def key(self) -> str | int:
        return self.path[-1]

    @property
    def is_header(self) -> bool:
        return self.text.startswith("[")


def lines_of(cls: Any, leave_out: Collection[str] = ()) -> list[Line]:
    """The lines of a file with every key of the class but those left out."""
    return list(_table(cls, (), (), {}, leave_out))


def entry_lines(
    cls: Any,
    header: str,
    chosen: Mapping[str, Any] | None = None,
    *,
    is_list: bool = True,
) -> list[Line]:
    """The lines of one more table of a file: [header] or [[header]].

    ``chosen`` replaces the example values of some keys. Other keys depend on them, so that no
    unknown key is planted after them.
    """
    first = Line((header,), f"[[{header}]]" if is_list else f"[{header}]")
    return [first, *_table(cls, (header,), (header,), chosen or {})]


def planted(lines: list[Line], place: int) -> str:
    """The file with a date for the value of the key on the line, and an unknown key after it."""
    texts = [line.text for line in lines]
    texts[place] = f"{json.dumps(str(lines[place].key))} = {FAULT}"
    if not lines[place].is_open:
        texts[place] += f"\n{UNKNOWN} = 1"
    return "\n".join(texts)


WRONG = ("1", '"x"', "true", "[]", "[1]", '["x", 1]', "{}", "{ a = 1 }", "[{}]", "[[[]]]", "nan")
"""A value of every kind, each wrong for most keys."""


def every_value(lines: list[Line]) -> Iterator[str]:
    """The file with each of WRONG for each of its tables, and with three of them for each key.

    Neighbouring keys get different ones, so that each kind of value meets many keys.
    """
    for place, line in enumerate(lines):
        key = json.dumps(str(line.path[-1]))
        for step in range(3):
            value = WRONG[(place + 4 * step) % len(WRONG)]
            texts = [one.text for one in lines]
            if not line.is_header:
                texts[place] = f"{key} = {value}"
                yield "\n".join(texts)
    headers = {line.path[0] for line in lines if line.is_header}
    for name in headers:
        outside = [line.text for line in lines if line.path[0] != name]
        for value in WRONG:
            yield "\n".join([f"{name} = {value}", *outside])


def missed(
    lines: list[Line], sentences: Callable[[str], list[str]]
) -> list[tuple[Line, list[str]]]:
    """The keys whose planted fault, or the unknown key after it, is not told with its line."""
    wrong = []
    for place, line in enumerate(lines):
        if line.is_header:
            continue
        told = sentences(planted(lines, place))
        expected = [f"line {place + 1}: "]
        if not line.is_open:
            expected.append(f"line {place + 2}: ")
        named = [repr(str(line.key)), repr(UNKNOWN)]
        found = [
            sum(begins in one and name in one for one in told)
            for begins, name in zip(expected, named, strict=False)
        ]
        if found != [1] * len(expected):
            wrong.append((line, told))
    return wrong


def _table(
    cls: Any,
    path: tuple[str | int, ...],
    header: tuple[str, ...],
    chosen: Mapping[str, Any],
    leave_out: Collection[str] = (),
) -> Iterator[Line]:
    """Keys first and tables after them, since a table ends the one before."""
    hints = get_type_hints(cls, include_extras=True)
    inner = []
    for one in fields(cls):
        hint = hints[one.name]
        if one.name in leave_out:
            continue
        place = (*path, one.name)
        if one.name in chosen:
            value = chosen[one.name]
        elif _is_table(hint):
            inner.append((hint, one.name))
            continue
        else:
            value = example(hint)
        yield Line(place, f"{one.name} = {_toml(value)}", is_open=one.name in chosen)
    for hint, name in inner:
        yield from _inner(hint, (*path, name), (*header, name), chosen)


def _inner(
    hint: Any, path: tuple[str | int, ...], header: tuple[str, ...], chosen: Mapping[str, Any]
) -> Iterator[Line]:
    bare, entry = without_none(hint), entry_type(hint)
    dotted = ".".join(header)
    if is_dataclass(bare):
        yield Line(path, f"[{dotted}]")
        yield from _table(bare, path, header, chosen)
    elif get_origin(bare) is tuple:
        yield Line((*path, 0), f"[[{dotted}]]")
        yield from _table(without_none(entry), (*path, 0), header, chosen)
    elif _is_table(entry):
        yield from _inner(entry, (*path, "entry"), (*header, "entry"), chosen)
    else:
        yield Line(path, f"[{dotted}]")
        yield Line((*path, "entry"), f"entry = {_toml(example(entry))}", is_open=True)


def _is_table(hint: Any) -> bool:
    bare, entry = without_none(hint), entry_type(hint)
    if is_dataclass(bare):
        return True
    if get_origin(bare) is tuple:
        return is_dataclass(without_none(entry))
    return entry is not None


def example(hint: Any) -> Any:
    """A value that the type takes."""
    if known := known_words(hint):
        return known[0]
    bare, entry = without_none(hint), entry_type(hint)
    if hint is CellOrCells or get_origin(bare) is tuple:
        return [example(entry)]
    if bare in (int, float):
        return _number(hint, bare)
    if bare is bool:
        return True
    members = get_args(bare)
    return example(members[0]) if members else "text"


def _number(hint: Any, kind: type) -> Any:
    for value in (1, 0.1, 0.7, 20, 200):
        if all(_fits(value, one) for one in metadata_of(hint)):
            return kind(value)
    return MISSING


def _fits(value: float, bound: Any) -> bool:
    return (
        value > getattr(bound, "gt", value - 1)
        and value >= getattr(bound, "ge", value)
        and value < getattr(bound, "lt", value + 1)
        and value <= getattr(bound, "le", value)
    )


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value)
