"""Conversion of a table of values to a frozen dataclass, by the types of its fields.

pydantic validates strictly and refuses unknown keys. The module sentences words its errors.
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
    """Return the values as a ``cls``, with a fault for each value that does not match its type.

    A faulty value is replaced by the default of its field, or by an empty value, so that rules can
    be checked for the rest. ``path`` is the place of the values in the file, and ``also`` lists
    keys of the table that another reader uses.
    """
    try:
        valid: T = _validated(cls, values)
        return valid
    except ValidationError as error:
        for problem in problems_in(error, cls, values, path, also):
            # A value that is not valid TOML was reported already, so it is not reported as missing.
            problems.fault(
                problem.path, "" if problems.is_faulty(problem.path) else problem.sentence
            )
    rescued: T = _rescued(cls, values, empty(cls))
    return rescued


def read_value(hint: Any, value: Any, name: str, problems: Problems, path: Path) -> Any:
    """Return a value of the type, or an empty value if it is faulty.

    Sentences call it ``name``.
    """
    try:
        return _validated(hint, value)
    except ValidationError as error:
        kind = error.errors(include_url=False, include_input=False)[0]["type"]
        problems.fault(path, value_sentence(kind, hint, value, name))
    return empty(hint)


def _validated(hint: Any, value: Any) -> Any:
    # The value is passed as JSON, because strict validation of Python values does not accept a
    # list for a tuple or a dictionary for a dataclass. It is passed in a list, because a
    # dataclass cannot be configured from outside.
    text = json.dumps([value], default=_no_json)
    return _adapter(hint).validate_json(text)[0]


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(tuple[hint], config=CONFIG)


def _no_json(value: object) -> list[None]:
    """Replace a date or time, which no field allows, by an invalid value that JSON can hold."""
    return [None]


def _rescued(hint: Any, value: Any, default: Any) -> Any:
    """Return the value with its invalid parts replaced by their defaults or by empty values."""
    try:
        return _validated(hint, value)
    except ValidationError:
        bare, inner = without_none(hint), entry_type(hint)
    if is_dataclass(bare) and isinstance(value, dict):
        return _rescued_fields(bare, value)
    if get_origin(bare) is tuple and isinstance(value, list) and is_dataclass(without_none(inner)):
        # Every entry is kept, so that entries have the same numbers as in the file.
        return tuple(_rescued(inner, entry, empty(inner)) for entry in value)
    if inner is not None and isinstance(value, dict) and get_origin(bare) is not tuple:
        kept = {key: _rescued(inner, entry, MISSING) for key, entry in value.items()}
        return {key: entry for key, entry in kept.items() if entry is not MISSING}
    return default


def _rescued_fields(cls: Any, table: Mapping[str, Any]) -> Any:
    hints = get_type_hints(cls, include_extras=True)
    given = {}
    for field in fields(cls):
        hint = hints[field.name]
        if field.name in table:
            given[field.name] = _rescued(hint, table[field.name], _default(field, hint))
        elif _is_required(field):
            given[field.name] = empty(hint)
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


def _default(field: "Field[Any]", hint: Any) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return empty(hint) if field.default is MISSING else field.default


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING
