"""The conditions that a study file declares, as [[arms]] or [[conditions]], and their methods.

In a between-subjects file each arm shows a single condition, so that [[arms]] declares both. In a
within-subjects or mixed file an arm is an order of conditions, so that [[conditions]] declares
them. Older files call them [[arms]] there, too, and stay readable.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from analysis.toml.document import Document
from analysis.toml.problems import TableProblems, did_you_mean
from analysis.toml.typed import read_as, read_value
from analysis.toml.value_types import Words
from explanations import catalogue
from explanations.catalogue import Method
from explanations.methods.amounts import AmountError
from surveys.study_file.designs import Condition

KEY = re.compile(r"[a-z][a-z0-9_-]{0,49}")
COLUMN = re.compile(r"[a-z][a-z0-9_]{0,29}")
TOLERANCE = "tolerance"


def read_conditions(file: Document) -> tuple[Condition, ...]:
    """Return the conditions of the file, and report problems to it.

    A file with both words is refused, and so is [[conditions]] in a between-subjects file.
    """
    key = declared_under(file)
    # Stored files may use [[arms]] in any design; [[conditions]] needs a design that varies them.
    if "arms" in file.values and "conditions" in file.values:
        file.problems.add(
            ("conditions",),
            "the file has both [[arms]] and [[conditions]]. Declare all of them as "
            f"[[{key}]]: {_REASONS[key]}.",
        )
    elif key == "conditions" and not is_within(file):
        file.problems.add(
            ("conditions",),
            f"the file has [[conditions]] and no [design] within. Write [[arms]]: "
            f"{_REASONS['arms']}. Or set within.",
        )
    elif key not in file.values:
        said = f"{key!r} is missing. Add it, as tables written [[{key}]]."
        file.problems.add((key,), said)
    return tuple(
        _read_condition(entry, TableProblems(file.problems, (key, number)), key[:-1])
        for number, entry in enumerate(file.tables(key))
    )


_REASONS = {
    "arms": "in a between-subjects study each arm shows one condition",
    "conditions": "with [design] within, the arms are orders of the conditions",
}


def declared_under(file: Document) -> str:
    """Return the key under which the file declares its conditions: "arms" or "conditions"."""
    keys = [key for key in ("arms", "conditions") if key in file.values]
    if len(keys) == 1:
        return keys[0]
    return "conditions" if is_within(file) else "arms"


def is_within(file: Document) -> bool:
    """Check whether the file asks for a within-subjects or mixed design, valid or not."""
    design: Any = file.values.get("design")
    return isinstance(design, dict) and bool(design.get("within"))


def _read_condition(table: Mapping[str, Any], at: TableProblems, word: str) -> Condition:
    """Return the condition in the table. ``word`` is the file's name for it: arm or condition."""
    choices = (*_choices(), *_amounts(), TOLERANCE)
    # Keys such as baseline are not fields: they turn the method into its variant below.
    settings = {key: value for key, value in table.items() if key not in choices}
    condition = read_as(Condition, settings, at.problems, at.path, also=choices)
    check_key(at, "key", condition.key)
    named = f"{word} {condition.key!r}"
    if condition.method and not condition.prediction:
        at.add(
            "method",
            f"{named} shows a map of a prediction that it hides. Remove the method, or "
            "prediction = false.",
            "prediction",
        )
    if condition.probability and not condition.prediction:
        at.add("probability", f"{named} shows no prediction. Remove probability.", "prediction")
    method = _method(condition, table, at, named)
    return replace(condition, method=method, factors=_factors(condition, at))


def check_key(at: TableProblems, key: str, value: str) -> None:
    """Report a name that cannot be part of URLs, commands and data."""
    if not KEY.fullmatch(value):
        at.add(
            key,
            f"the {key} {value!r} must start with a small letter and hold only small letters, "
            "digits, - and _, 50 at most.",
        )


def _method(condition: Condition, table: Mapping[str, Any], at: TableProblems, called: str) -> str:
    """Return the key of the method, or of its variant where the table chooses another value."""
    named = key = condition.method
    known = {method.key: method for method in catalogue.METHODS}
    if named and named not in known:
        hint = _in_two_keys(named) or did_you_mean(named, list(known))
        at.add("method", f"{called}: unknown method {named!r}{hint}")
    for name, owners in _choices().items():
        if name not in table:
            continue
        path = (*at.path, name)
        value = read_value(Words, table[name], f"{name!r} in {called}", at.problems, path)
        if not named or (named in known and known[named] not in owners):
            has = f"the method {named!r} has none" if named else "it shows no map"
            at.add(
                name,
                f"{called} chooses a {name}, and {has}. Remove {name}, or take the method "
                f"{' or '.join(owner.key for owner in owners)}.",
            )
            continue
        # For an unknown method, any method with such a parameter tells whether the value is known.
        asked = [known[named]] if named in known else owners
        there = {key: variant for owner in asked for key, variant in owner.by_choice.items()}
        if value in there:
            key = there[value].key
        else:
            hint = did_you_mean(value, list(there))
            at.add(name, f"{called}: unknown {name} {value!r}{hint}")
    return _with_amount(key, table, at, called)


def _with_amount(key: str, table: Mapping[str, Any], at: TableProblems, called: str) -> str:
    """Return the key of the method with the samples, steps or tolerance that the table chooses."""
    kinds = {**_amounts(), TOLERANCE: _stopping()}
    given = [name for name in kinds if name in table]
    method = next((one for one in catalogue.EVERY if one.key == key), None)
    if not given or (key and method is None):  # an unknown method is reported already
        return key
    values: dict[str, Any] = {}
    for name in given:
        kind: Any = float if name == TOLERANCE else int
        amount = method.amount if method else None
        allowed = amount and (amount.stops if name == TOLERANCE else amount.name == name)
        if method is None or not allowed:
            has = f"the method {key!r} has none" if method else "it shows no map"
            at.add(
                name,
                f"{called} chooses {name}, and {has}. Remove {name}, or take the method "
                f"{' or '.join(kinds[name])}.",
            )
            continue
        path = (*at.path, name)
        value = read_value(kind, table[name], f"{name!r} in {called}", at.problems, path)
        if value == table[name] and not isinstance(table[name], bool):  # a fault gives a zero
            values[name] = value
    if method is None or method.amount is None:
        return key
    try:
        return method.with_amount(values.get(method.amount.name), values.get(TOLERANCE)).key
    except AmountError as error:
        at.add(given[0], f"{called}: {error}")
        return key


def _amounts() -> dict[str, list[str]]:
    """Return the keys of the methods by the name of their amount: samples or steps."""
    names = dict.fromkeys(method.amount.name for method in catalogue.METHODS if method.amount)
    return {
        name: [
            method.key
            for method in catalogue.METHODS
            if method.amount and method.amount.name == name
        ]
        for name in names
    }


def _stopping() -> list[str]:
    """Return the keys of the methods that take a tolerance."""
    return [method.key for method in catalogue.METHODS if method.amount and method.amount.stops]


def _choices() -> dict[str, list[Method]]:
    """Return the methods by the name of the parameter that a condition may choose."""
    names = dict.fromkeys(method.choice.name for method in catalogue.METHODS if method.choice)
    return {
        name: [
            method for method in catalogue.METHODS if method.choice and method.choice.name == name
        ]
        for name in names
    }


def _in_two_keys(named: str) -> str:
    """Return the cure for a file that uses the key of a variant, as the data contain it."""
    if (plain := catalogue.without_amount(named)) != named:
        return f". Write method = {plain!r}, and samples, steps or tolerance as keys of their own."
    for method in catalogue.METHODS:
        for value, variant in method.by_choice.items():
            if method.choice and variant.key == named:
                return f". Write method = {method.key!r} and {method.choice.name} = {value!r}."
    return ""


def _factors(condition: Condition, at: TableProblems) -> dict[str, str]:
    usable = {}
    for name, level in condition.factors.items():
        path = (*at.path, "factors", name)
        if not KEY.fullmatch(level):
            at.problems.add(
                path,
                f"the level of {name!r} is {level!r}. It must be a short word in quotes: small "
                "letters, digits, - and _.",
            )
        elif not COLUMN.fullmatch(name):
            at.problems.add(
                path,
                f"the factor {name!r} becomes a column of the data. Name it with small letters, "
                "digits and _, 30 at most.",
            )
        else:
            usable[name] = level
    return usable
