"""Conversion of a table of values to a frozen dataclass, by the types of its fields.

pydantic validates strictly and refuses unknown keys; the sentences are our own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from analysis.toml.positions import Path
from analysis.toml.problems import Problems
from analysis.toml.sentences import (
    entry_type,
    known_words,
    problems_in,
    value_sentence,
    without_none,
)

T = TypeVar("T")
CONFIG = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
EMPTY: Mapping[Any, Any] = {str: "", int: 0, float: 0.0, bool: False}


def read_as(
    cls: type[T], values: Any, problems: Problems, path: Path = (), also: Sequence[str] = ()
) -> T:
    """Return the values as a ``cls``; values that do not match its types become faults.

    A faulty value is replaced by the default of its field, or by an empty value, so that rules can
    be checked for the rest. ``path`` is the place of the values in the file, and ``also`` lists
    keys of the table that another reader uses.
    """
    try:
        valid: T = _validated(cls, values)
        return valid
    except ValidationError as error:
        for problem in problems_in(error, cls, values, path, also):
            # A value that is not TOML was reported as such, and is not missing as well.
            problems.fault(
                problem.path, "" if problems.is_faulty(problem.path) else problem.sentence
            )
    rescued: T = _rescued(cls, values, empty(cls))
    return rescued


def read_value(hint: Any, value: Any, name: str, problems: Problems, path: Path) -> Any:
    """Return one value of the type, called ``name`` in sentences; empty where it is faulty."""
    try:
        return _validated(hint, value)
    except ValidationError as error:
        kind = error.errors(include_url=False, include_input=False)[0]["type"]
        problems.fault(path, value_sentence(kind, hint, value, name))
    return empty(hint)


def _validated(hint: Any, value: Any) -> Any:
    # As JSON, since strict validation of Python values takes no list for a tuple and no
    # dictionary for a dataclass. A list around it, since a dataclass takes no configuration.
    text = json.dumps([value], default=_no_json)
    return _adapter(hint).validate_json(text)[0]


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(tuple[hint], config=CONFIG)


def _no_json(value: object) -> list[None]:
    """Replace a date or time, which no type of a file admits, by an equally invalid value."""
    return [None]


def _rescued(hint: Any, value: Any, default: Any) -> Any:
    """Return the value as far as it is valid: what is not valid is its default or empty."""
    try:
        return _validated(hint, value)
    except ValidationError:
        bare, inner = without_none(hint), entry_type(hint)
    if is_dataclass(bare) and isinstance(value, dict):
        return _rescued_fields(bare, value)
    if get_origin(bare) is tuple and isinstance(value, list) and is_dataclass(without_none(inner)):
        # Every entry stays, so that their numbers are those of the file.
        return tuple(_rescued(inner, one, empty(inner)) for one in value)
    if inner is not None and isinstance(value, dict):
        kept = {key: _rescued(inner, one, MISSING) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one is not MISSING}
    return default


def _rescued_fields(cls: Any, table: Mapping[str, Any]) -> Any:
    hints = get_type_hints(cls, include_extras=True)
    given = {}
    for one in fields(cls):
        hint = hints[one.name]
        if one.name in table:
            given[one.name] = _rescued(hint, table[one.name], _default(one, hint))
        elif _is_required(one):
            given[one.name] = empty(hint)
    return cls(**given)


def empty(hint: Any) -> Any:
    """Return an empty value of the type, for a field that cannot be read and has no default."""
    if known := known_words(hint):
        return known[0]
    bare = without_none(hint)
    if bare in EMPTY:
        return EMPTY[bare]
    if is_dataclass(bare):
        return _rescued_fields(bare, {})
    if get_origin(bare) is tuple:
        return ()
    return {} if entry_type(bare) is not None else ""


def _default(one: "Field[Any]", hint: Any) -> Any:
    if one.default_factory is not MISSING:
        return one.default_factory()
    return empty(hint) if one.default is MISSING else one.default


def _is_required(one: "Field[Any]") -> bool:
    return one.default is MISSING and one.default_factory is MISSING
