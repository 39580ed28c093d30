"""From a TOML table to a frozen dataclass: its annotations say what may stand under each key."""

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def problems_in(cls: type, entry: Mapping[str, Any], name: str) -> list[str]:
    """One sentence per unknown key, missing key and value of another kind than the class says."""
    hints = get_type_hints(cls)
    known = list(hints)
    problems = [
        f"{name} has an unknown key {key!r}{suggest(key, known)}. Known: {', '.join(known)}."
        for key in entry
        if key not in known
    ]
    problems += [
        f"{name} lacks {one.name!r}. Add it."
        for one in fields(cls)
        if one.name not in entry and _required(one)
    ]
    return problems + [
        problem
        for key, value in entry.items()
        if key in hints
        for problem in _value_problems(hints[key], value, key, name)
    ]


def build(cls: type[T], entry: Mapping[str, Any]) -> T:
    """The dataclass; the entry has no problems."""
    hints = get_type_hints(cls)
    return cls(**{key: _converted(hints[key], value) for key, value in entry.items()})


def suggest(word: str, known: Sequence[str]) -> str:
    """' (did you mean …?)', or nothing."""
    close = get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_cell(value: object) -> bool:
    return isinstance(value, str) or is_number(value)


PLAIN: Mapping[Any, tuple[Callable[[object], bool], str]] = {
    str: (is_text, "a non-empty text"),
    float: (is_number, "a number"),
    int: (is_whole, "a whole number"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
}


def _value_problems(hint: Any, value: object, key: str, name: str) -> list[str]:
    hint = _without_none(hint)
    if get_origin(hint) is Literal:
        known = list(get_args(hint))
        if value in known:
            return []
        return [f"{name}: unknown {key} {value!r}{suggest(str(value), known)}. Known: {known}."]
    if is_dataclass(hint):
        if not isinstance(value, dict):
            return [f"{name}: {key} must be a table, got {value!r}."]
        return problems_in(hint, value, f"{name}, {key}")  # type: ignore[arg-type]
    inner = _class_in_tuple(hint)
    if inner is not None:
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            return [f"{name}: {key} must be a list of tables, got {value!r}."]
        return [
            problem
            for number, one in enumerate(value, start=1)
            for problem in problems_in(inner, one, f"{name}, {key} {number}")
        ]
    if _fits(hint, value):
        return []
    if get_origin(hint) is tuple and get_origin(get_args(hint)[0]) is Literal:
        return [
            f"{name}: {key} must be a list of {list(get_args(get_args(hint)[0]))}, got {value!r}."
        ]
    return [f"{name}: {key} must be {_words(hint)}, got {value!r}."]


def _fits(hint: Any, value: object) -> bool:
    if hint in PLAIN:
        return PLAIN[hint][0](value)
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        return isinstance(value, list) and all(_fits(get_args(hint)[0], one) for one in value)
    if get_origin(hint) is not None and issubclass(_mapping_origin(hint), Mapping):
        inner = get_args(hint)[1]
        if get_origin(inner) is tuple:  # one value stands for a list of one
            inner = inner | get_args(inner)[0]
        return isinstance(value, dict) and all(_fits(inner, one) for one in value.values())
    if get_origin(hint) in (Union, types.UnionType):
        return any(_fits(one, value) for one in get_args(hint)) and _is_not_bool(value)
    return False


def _words(hint: Any) -> str:
    if hint in PLAIN:
        return PLAIN[hint][1]
    if get_origin(hint) is tuple:
        return f"a list, each entry {_words(get_args(hint)[0])}"
    if get_origin(hint) in (Union, types.UnionType):
        return "a text or a number"
    return "a table of column = value"


def _converted(hint: Any, value: Any) -> Any:
    hint = _without_none(hint)
    inner = _class_in_tuple(hint)
    if inner is not None:
        return tuple(build(inner, one) for one in value)
    if is_dataclass(hint):
        return build(hint, value)  # type: ignore[arg-type]
    if isinstance(value, list):
        return tuple(_converted(None, one) for one in value)
    if isinstance(value, dict) and get_origin(hint) is not None:
        if get_origin(get_args(hint)[1]) is tuple:
            return {k: tuple(v) if isinstance(v, list) else (v,) for k, v in value.items()}
        return dict(value)
    return float(value) if hint is float else value


def _required(one: "Field[Any]") -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    rest = [one for one in get_args(hint) if one is not type(None)]
    return rest[0] if len(rest) == 1 else Union[tuple(rest)]  # noqa: UP007 - a tuple of types


def _class_in_tuple(hint: Any) -> type | None:
    if get_origin(hint) is tuple and is_dataclass(get_args(hint)[0]):
        return get_args(hint)[0]  # type: ignore[no-any-return]
    return None


def _mapping_origin(hint: Any) -> type:
    origin = get_origin(hint)
    return origin if isinstance(origin, type) else object


def _is_not_bool(value: object) -> bool:
    return not isinstance(value, bool)
