"""The keys of a table of a TOML file, from the class whose fields they are."""

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Any, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt, MaxLen

from analysis.toml.sentences import entry_type, metadata_of, noun, without_none
from explanations.documents.markdown import table
from studyplatform.reference.markdown import code, sentence

HEADER = ("key", "value", "default")
BOUNDS = {Ge: "at least", Gt: "above", Le: "at most", Lt: "below"}


@dataclass(frozen=True)
class Table:
    """A table of a file: its name as written, and the class whose fields are its keys.

    ``name`` is empty for the keys above the first table.

    ``without`` lists fields that are not keys, or that another table of the page describes.
    """

    name: str
    cls: Any
    without: Sequence[str] = ()


def described(one: Table, level: int = 2) -> str:
    """Return the heading of a table, what it declares, and its keys."""
    hints = get_type_hints(one.cls, include_extras=True)
    rows = [
        (code(field.name), _value(field.name, hints[field.name]), _default(field))
        for field in fields(one.cls)
        if field.name not in one.without
    ]
    # The docstring of a whole file says how the program reads it.
    said = sentence(one.cls.__doc__) if one.name and _has_words(one.cls) else ""
    heading = code(one.name) or "Above the first table"
    blocks = [f"{'#' * level} {heading}", said, table(HEADER, rows)]
    return "\n\n".join(block for block in blocks if block)


def inner_tables(name: str, cls: Any) -> Iterator[Table]:
    """Yield a table, and then each table inside it with a class of its own, by its full name."""
    yield Table(name, cls)
    hints = get_type_hints(cls, include_extras=True)
    for field in fields(cls):
        bare = without_none(hints[field.name])
        where = f"{name.strip('[]')}.{field.name}" if name else field.name
        if is_dataclass(bare):
            yield from inner_tables(f"[{where}]", bare)
        elif is_table(bare):
            # A list of tables, or a table of tables whose names the writer chooses.
            listed = f"[[{where}]]" if get_origin(bare) is tuple else f"[{where}.NAME]"
            yield from inner_tables(listed, without_none(entry_type(bare)))


def is_table(hint: Any) -> bool:
    """Check whether a value of the type is a table of its own, or a list or table of them."""
    bare = without_none(hint)
    inner = entry_type(bare)
    return is_dataclass(bare) or (inner is not None and is_dataclass(without_none(inner)))


def _has_words(cls: Any) -> bool:
    """Check whether the class has a docstring of its own, and not dataclass's signature."""
    return bool(cls.__doc__) and not cls.__doc__.startswith(f"{cls.__name__}(")


def _value(name: str, hint: Any) -> str:
    bounds = [
        f"{BOUNDS[type(one)]} {_bound(one)}" for one in metadata_of(hint) if type(one) in BOUNDS
    ]
    bounds += [
        f"at most {one.max_length} characters"
        for one in metadata_of(hint)
        if isinstance(one, MaxLen)
    ]
    return ", ".join([noun(hint, name), *bounds])


def _bound(constraint: Any) -> str:
    value = next(
        getattr(constraint, name) for name in ("ge", "gt", "le", "lt") if hasattr(constraint, name)
    )
    return f"{value:g}" if isinstance(value, float) else str(value)


def _default(field: "Field[Any]") -> str:
    if field.default is MISSING and field.default_factory is MISSING:
        return "required"
    if field.default_factory is not MISSING or field.default in (None, (), ""):
        return ""
    value = field.default
    if isinstance(value, bool):
        return code(str(value).lower())
    return code(f'"{value}"' if isinstance(value, str) else str(value))
