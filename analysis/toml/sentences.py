"""Sentences for pydantic's errors, each with the value, the rule and the cure."""

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import ValidationError

from analysis.toml.positions import Path
from analysis.toml.problems import Problem, did_you_mean
from analysis.toml.value_types import BLANK, Number, OneOf

LONGEST_SHOWN = 80
NAMES = ("key", "id", "slug", "item", "file")  # keys that name a table of a list
TOO_LONG = ("string_too_long", "too_long")
OUT_OF_RANGE = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
SINGULAR: Mapping[Any, str] = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}
PLURAL: Mapping[Any, str] = {
    str: "texts in quotes",
    bool: "true or false",
    int: "whole numbers",
    float: "numbers",
}


def problems_in(
    error: ValidationError, cls: Any, values: Any, base: Path, also: Sequence[str] = ()
) -> Iterator[Problem]:
    """Convert each of pydantic's errors into a problem.

    ``values`` is the input for the class ``cls``, and ``base`` its path in the file. ``also`` lists
    keys that the table may contain as well. An error of a union counts once, although pydantic
    lists an error for each of its members.
    """
    told = set()
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        path, hint = _follow(cls, detail["loc"][1:])
        if path not in told:
            told.add(path)
            if detail["type"] == "unexpected_keyword_argument":
                known = [field.name for field in fields(hint)]
                said = _unknown(path, [*known, *also] if len(path) == 1 else known, values, base)
            else:
                said = _sentence(detail["type"], path, hint, values, base)
            yield Problem((*base, *path), said)


def without_none(hint: Any) -> Any:
    """Return the type without its metadata, and an optional type without None."""
    if get_origin(hint) is Annotated:
        return without_none(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not type(None)]
        return without_none(members[0]) if len(members) == 1 else Union[tuple(members)]  # noqa: UP007
    return hint


def entry_type(hint: Any) -> Any:
    """Return the type of the entries of a list or of a table with free keys, or None."""
    bare = without_none(hint)
    origin = get_origin(bare)
    if origin is tuple or origin is list:
        return get_args(bare)[0]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return get_args(bare)[1]
    return None


def table_name(values: Any, path: Path, base: Path = ()) -> str:
    """Return the name of a table for a sentence, such as [images] or [[arms]] 'lime'."""
    names: list[str] = []
    inner: list[str] = []
    entry = ""
    here: Any = values
    for depth, part in enumerate((*base, *path), start=1):
        # Values above ``base`` are not known, so the name of an entry there is not known either.
        here = _step(here, part) if depth > len(base) else values if depth == len(base) else None
        if isinstance(part, str):
            names.append(part)
            inner.append(part)
        else:
            called = next((here[key] for key in NAMES if _is_text(here, key)), None)
            entry = f"[[{'.'.join(names)}]]" + (f" {called!r}" if called else "")
            inner = []
    if not entry:
        return f"[{'.'.join(names)}]"
    return f"{'.'.join(inner)} of {entry}" if inner else entry


def subject(values: Any, path: Path, base: Path = ()) -> str:
    """Return the name of a value for a sentence, such as 'right' in [images]."""
    *owners, key = path
    while not isinstance(key, str) and owners:
        *owners, key = owners
    owner = (*base, *owners)
    return f"{key!r} in {table_name(values, tuple(owners), base)}" if owner else repr(key)


def noun(hint: Any, key: str = "") -> str:
    """Return the noun for values of the type, such as 'a whole number'."""
    bare = without_none(hint)
    if known := known_words(hint):
        return f"one of {', '.join(known)}"
    if bare in SINGULAR or bare == Number:
        return SINGULAR.get(bare, "a number")
    inner = entry_type(bare)
    if is_dataclass(bare):
        return "a table"
    if get_origin(bare) is tuple:
        if _is_table(inner):
            return f"tables written [[{key}]]"
        return f"a list in [ ], of {_plural(inner)}"
    if inner is not None:
        return "a table" if inner is Any else f"a table of name = {noun(inner, key)}"
    return "text in quotes or a number"


def known_words(hint: Any) -> tuple[str, ...]:
    """Return the texts that the type allows, or nothing if it allows any text."""
    for constraint in metadata_of(hint):
        if isinstance(constraint, OneOf):
            return constraint.known
    bare = without_none(hint)
    return get_args(bare) if get_origin(bare) is Literal else ()


def shown(value: Any) -> str:
    """Return the value as it is quoted in a sentence."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value) if isinstance(value, date | datetime | time) else repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _unknown(path: Path, known: Sequence[str], values: Any, base: Path) -> str:
    owner = path[:-1]
    where = f" in {table_name(values, owner, base)}" if (*base, *owner) else ""
    return f"unknown key {path[-1]!r}{where}{did_you_mean(str(path[-1]), known)}"


def value_sentence(kind: str, hint: Any, value: Any, name: str) -> str:
    """Return the sentence on a value that is not of the type. ``kind`` is pydantic's error type."""
    if kind == BLANK:
        return f"{name} is empty. Write it."
    return f"{name} is {shown(value)}. It must be {noun(hint)}."


def _sentence(kind: str, path: Path, hint: Any, values: Any, base: Path) -> str:
    if not path:
        name = f"{base[-1]!r} is " if base else ""
        return f"{name}{shown(values)}. It must be a table."
    key, about = path[-1], subject(values, path, base)
    if kind == "missing":
        return f"{about} is missing. Add it, as {noun(hint, str(key))}."
    value = _value(values, path)
    if kind in (BLANK, "string_too_short"):
        return f"{about} is empty. Write it."
    verb = "is" if isinstance(key, str) else "contains"
    known = list(known_words(hint))
    if known and isinstance(value, str):
        return f"{about} {verb} {value!r}{did_you_mean(value, known)}"
    if kind in TOO_LONG and isinstance(value, str):
        most = next(
            constraint.max_length
            for constraint in metadata_of(hint)
            if hasattr(constraint, "max_length")
        )
        return f"{about} {verb} {len(value)} characters long. At most {most} fit: shorten it."
    if kind in OUT_OF_RANGE:
        return f"{about} {verb} {shown(value)}. It must be {_bounds(hint)}."
    if isinstance(key, int):
        wanted = f"tables written [[{_list_name(path)}]]" if _is_table(hint) else _plural(hint)
        return f"{about} contains {shown(value)}. It must be a list of {wanted}."
    wanted = "a finite number" if kind == "finite_number" else noun(hint, key)
    return f"{about} is {shown(value)}. It must be {wanted}."


def _follow(hint: Any, loc: Sequence[str | int]) -> tuple[Path, Any]:
    """Return the path in the file for a pydantic location, and the type that is expected there.

    For an unknown key the type is the class that lacks it. pydantic appends the name of a union's
    member to the location; this name is not part of the path.
    """
    path: Path = ()
    for part in loc:
        bare, inner = without_none(hint), entry_type(hint)
        if is_dataclass(bare):
            hints = get_type_hints(bare, include_extras=True)
            path = (*path, part)
            if part not in hints:
                return path, bare
            hint = hints[str(part)]
        elif inner is not None and part != "[key]":
            path, hint = (*path, part), inner
        else:
            break
    return path, hint


def _list_name(path: Path) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "")


def _is_table(hint: Any) -> bool:
    bare = without_none(hint)
    return is_dataclass(bare) or get_origin(bare) is dict


def _bounds(hint: Any) -> str:
    metadata = list(metadata_of(hint))
    bound = {
        name: getattr(constraint, name)
        for constraint in metadata
        for name in ("gt", "ge", "lt", "le")
        if hasattr(constraint, name)
    }
    if bound.keys() == {"ge", "le"}:
        return f"from {bound['ge']} to {bound['le']}"
    words = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
    return " and ".join(f"{words[name]} {limit}" for name, limit in bound.items())


def metadata_of(hint: Any) -> Iterator[Any]:
    """Yield the metadata that Annotated adds to the type or to a member of an optional type."""
    if get_origin(hint) is Annotated:
        inner, *extra = get_args(hint)
        yield from extra
        yield from metadata_of(inner)
    elif get_origin(hint) in (Union, types.UnionType):
        for member in get_args(hint):
            yield from metadata_of(member)


def _plural(hint: Any) -> str:
    if known := known_words(hint):
        return f"any of {', '.join(known)}"
    bare = without_none(hint)
    if bare in PLURAL or bare == Number:
        return PLURAL.get(bare, "numbers")
    inner = entry_type(bare)
    return f"lists of {_plural(inner)}" if inner is not None else "texts in quotes and numbers"


def _value(values: Any, path: Path) -> Any:
    for part in path:
        values = _step(values, part)
    return values


def _step(values: Any, part: str | int) -> Any:
    if isinstance(values, dict):
        return values.get(str(part))
    if isinstance(values, list) and isinstance(part, int) and part < len(values):
        return values[part]
    return values  # a single value may be written without its list


def _is_text(table: Any, key: str) -> bool:
    return isinstance(table, dict) and isinstance(table.get(key), str) and bool(table[key])
