"""Changes of single values of a study file, which keep comments, order and all other values.

tomlkit writes the changes. Each result is read again and compared with what was asked for, because
a study file must not change anywhere else, whatever way of writing TOML somebody has used.
"""

import copy
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tomlkit
from django.utils.translation import gettext
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, Comment, InlineTable, Table

from analysis.toml.positions import TooDeepError, line_numbers

Path = tuple[str | int, ...]
"""The keys that lead to a value; a whole number is a place in a list, from 0."""


class EditError(Exception):
    """A study file that cannot be changed this way. The message says why and what to do."""


class _Removed:
    """The value of a key that is to be removed."""


REMOVED = _Removed()


class InlineList(list[dict[str, Any]]):
    """A list of tables that is written within one line, such as the rules about answers."""


class InlineEntry(dict[str, Any]):
    """A table that is written within one line."""


@dataclass(frozen=True)
class Change:
    """A value to set at the path, or REMOVED. Tables that are missing on the way are added.

    A place behind the end of a list of tables appends the table to it.
    """

    path: Path
    value: Any


def read(source: str) -> dict[str, Any]:
    """Return the values of the file. Raises EditError if it is not TOML or nests too deeply."""
    try:
        line_numbers(source)  # refuses what nests so deeply that nothing else could handle it
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise EditError(
            gettext("The file is not valid TOML (%(error)s). Mend it in the text editor first.")
            % {"error": error}
        ) from error
    except TooDeepError as error:
        raise EditError(
            gettext("The file nests tables or lists too deeply. Mend it in the text editor first.")
        ) from error


def value_at(values: Any, path: Path, default: Any = None) -> Any:
    """Return the value at the path, or the default if there is none."""
    for key in path:
        try:
            values = values[key]
        except (KeyError, IndexError, TypeError):
            return default
    return values


def edited(source: str, changes: Sequence[Change]) -> str:
    """Return the file with the changes, and with nothing else changed.

    Raises EditError if the file is not TOML or is written in a way that cannot be changed in place.
    """
    before = read(source)
    needed = [change for change in changes if _differs(before, change)]
    if not needed:
        return source
    wanted = copy.deepcopy(before)
    for change in needed:
        _apply(wanted, change, plain=True)
    try:
        document = tomlkit.parse(source)
        for change in needed:
            _apply(document, change, plain=False)
        text = tomlkit.dumps(document)
        after = tomllib.loads(text)
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError, ValueError, KeyError) as error:
        raise EditError(_refusal()) from error
    if after != wanted:
        raise EditError(_refusal())
    return text


def rearranged(source: str, path: Path, order: Sequence[int | dict[str, Any]]) -> str:
    """Return the file with the list of tables at the path in another order.

    ``order`` names the tables that stay by their places, from 0, and contains new ones as values.
    Comments inside of a table move with it. Raises EditError like ``edited``.
    """
    before = read(source)
    there = value_at(before, path, [])
    if not isinstance(there, list) or not all(isinstance(entry, dict) for entry in there):
        raise EditError(_refusal())
    wanted = copy.deepcopy(before)
    tables = [copy.deepcopy(there[one]) if isinstance(one, int) else dict(one) for one in order]
    if tables == there:
        return source
    _apply(wanted, Change(path, tables), plain=True)
    try:
        document = tomlkit.parse(source)
        written = value_at(document, path, [])
        kept = tomlkit.aot()
        for one in order:
            kept.append(written[one] if isinstance(one, int) else _table(one))
        _apply(document, Change(path, kept), plain=False)
        text = tomlkit.dumps(document)
        after = tomllib.loads(text)
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError, ValueError, KeyError) as error:
        raise EditError(_refusal()) from error
    if after != wanted:
        raise EditError(_refusal())
    return text


def _refusal() -> str:
    return gettext(
        "This file is written in a way that the form cannot change without touching other values. "
        "Make the change in the text editor."
    )


def _differs(values: Any, change: Change) -> bool:
    there = value_at(values, change.path, REMOVED)
    if change.value is REMOVED:
        return there is not REMOVED
    return bool(there is REMOVED or there != change.value or type(there) is not type(change.value))


def _apply(values: Any, change: Change, *, plain: bool) -> None:
    """Set or remove the value; ``plain`` for values of Python in place of tomlkit's."""
    *way, last = change.path
    root = values
    for key in way:
        if isinstance(key, str) and key not in values:
            values[key] = {} if plain else tomlkit.table()
        values = values[key]
    if isinstance(values, InlineTable):
        # Written anew, because tomlkit would leave spaces where a value was.
        entry = InlineEntry(values.unwrap())
        _apply(entry, Change((last,), change.value), plain=True)
        _apply(root, Change(tuple(way), entry), plain=False)
    elif change.value is REMOVED:
        del values[last]
    elif isinstance(last, int) and last == len(values):
        added = copy.deepcopy(change.value)
        if not plain:
            added = _item(InlineEntry(added) if isinstance(values, Array) else added)
        values.append(added)
    elif plain:
        values[last] = copy.deepcopy(change.value)
    else:
        _put(values, last, _item(change.value))


def _put(table: Any, key: str | int, item: Any) -> None:
    """Set a value; a new key comes before the comment that belongs to whatever follows the table.

    tomlkit itself would write the key behind such a comment.
    """
    if isinstance(table, Table) and isinstance(key, str) and key not in table:
        body = table.value.body
        is_table = isinstance(item, Table | AoT)
        own = [place for place, (name, value) in enumerate(body)
               if name is not None and not isinstance(value, Table | AoT)]  # fmt: skip
        behind = body[own[-1] + 1 :] if own else []
        if not is_table and any(isinstance(value, Comment) for _name, value in behind):
            item.trivia.trail = item.trivia.trail or "\n"
            table.value._insert_at(own[-1] + 1, key, item)
            return
    table[key] = item


def _item(value: Any) -> Any:
    """Return the value as TOML: texts of several lines between triple quotes, one line a line."""
    if isinstance(value, AoT):
        return value
    if isinstance(value, str) and "\n" in value:
        # The line break after the opening quotes does not belong to the text.
        return tomlkit.value('"""\n' + tomlkit.string(value, multiline=True).as_string()[3:])
    if isinstance(value, InlineEntry):
        return tomlkit.value(_in_line(value))
    if isinstance(value, InlineList):
        return tomlkit.value(f"[{', '.join(map(_in_line, value))}]")
    if isinstance(value, dict):
        return _table(value)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        tables = tomlkit.aot()
        for entry in value:
            tables.append(_table(entry))
        return tables
    return tomlkit.item(value)


def _in_line(entry: dict[str, Any]) -> str:
    written = (f"{tomlkit.key(key).as_string()} = {_item(value).as_string()}"
               for key, value in entry.items())  # fmt: skip
    return f"{{ {', '.join(written)} }}"


def _table(entry: dict[str, Any]) -> Any:
    table = tomlkit.table()
    for key, value in entry.items():
        table[key] = _item(value)
    return table
