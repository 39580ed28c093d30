"""The conditions that a study file declares, as [[arms]] or [[conditions]], and their methods.

In a between-subjects file each arm shows one condition, so that [[arms]] declares both. In a
within-subjects or mixed file an arm is an order of conditions, so that [[conditions]] declares
them; older files call them [[arms]] there, too, and stay readable.
"""

import re
from typing import Any

from analysis.toml.problems import did_you_mean
from analysis.toml.table import Table
from explanations import catalogue
from explanations.catalogue import Method
from surveys.study_file.designs import Condition

KEY = re.compile(r"[a-z][a-z0-9_-]{0,49}")
COLUMN = re.compile(r"[a-z][a-z0-9_]{0,29}")
TAKEN = frozenset(
    ("arm", "block", "condition", "image", "method", "part", "participant", "position", "value")
)


def read_conditions(file: Table) -> tuple[Condition, ...]:
    """Return the conditions of the file, whose outermost table it is; problems are reported to it.

    Both words in one file are refused, and [[conditions]] in a between-subjects file.
    """
    key = declared_under(file)
    for word in ("arms", "conditions"):
        file.mark(word)
    if "arms" in file.values and "conditions" in file.values:
        file.add(
            "conditions",
            "the file has both [[arms]] and [[conditions]]. Declare all of them as "
            f"[[{key}]]: {_REASONS[key]}.",
        )
    elif key == "conditions" and not is_within(file):
        file.add(
            "conditions",
            f"the file has [[conditions]] and no [design] within. Write [[arms]]: "
            f"{_REASONS['arms']}. Or set within.",
        )
    return tuple(_read_condition(entry, key[:-1]) for entry in file.tables(key))


_REASONS = {
    "arms": "in a between-subjects study each arm shows one condition",
    "conditions": "with [design] within, the arms are orders of the conditions",
}


def declared_under(file: Table) -> str:
    """Return the key under which the file declares its conditions: "arms" or "conditions"."""
    keys = [key for key in ("arms", "conditions") if key in file.values]
    if len(keys) == 1:
        return keys[0]
    return "conditions" if is_within(file) else "arms"


def is_within(file: Table) -> bool:
    """Check whether the file asks for a within-subjects or mixed design, valid or not."""
    design: Any = file.values.get("design")
    return isinstance(design, dict) and bool(design.get("within"))


def _read_condition(table: Table, word: str) -> Condition:
    """Return the condition in the table; ``word`` is what the file calls it: arm or condition."""
    key = read_key(table, "key")
    named = f"{word} {key!r}"
    condition = Condition(
        key,
        table.text("label"),
        _method(table, named),
        prediction=table.flag("prediction", True),
        probability=table.flag("probability", False),
        factors=_factors(table),
    )
    if len(condition.label) > 80:
        table.add("label", f"the label of {named} has more than 80 characters. Shorten it.")
    if condition.method and not condition.prediction:
        table.add(
            "method",
            f"{named} shows a map of a prediction that it hides. Remove the method, or "
            "prediction = false.",
        )
    if condition.probability and not condition.prediction:
        table.add("probability", f"{named} shows no prediction. Remove probability.")
    table.finish()
    return condition


def read_key(table: Table, key: str) -> str:
    """A name that stands in addresses, commands and data."""
    value = table.text(key)
    if value and not KEY.fullmatch(value):
        table.add(
            key,
            f"the {key} {value!r} must start with a small letter and hold only small letters, "
            "digits, - and _, 50 at most.",
        )
    return value


def _method(table: Table, condition: str) -> str:
    """Return the method's key, or its variant's where the table chooses another value."""
    named = key = table.text("method", "")
    known = {method.key: method for method in catalogue.METHODS}
    if named and named not in known:
        hint = _in_two_keys(named) or did_you_mean(named, list(known))
        table.add("method", f"{condition}: unknown method {named!r}{hint}")
    for name, owners in _choices().items():
        value = table.text(name, "")
        if name not in table.values:
            continue
        if not named or (named in known and known[named] not in owners):
            has = f"the method {named!r} has none" if named else "it shows no map"
            table.add(
                name,
                f"{condition} chooses a {name}, and {has}. Remove {name}, or take the method "
                f"{' or '.join(owner.key for owner in owners)}.",
            )
            continue
        # Of an unknown method, any that could be meant tells whether the value is known.
        asked = [known[named]] if named in known else owners
        there = {key: one for owner in asked for key, one in owner.by_choice.items()}
        if value in there:
            key = there[value].key
        elif isinstance(table.values[name], str):
            hint = did_you_mean(value, list(there))
            table.add(name, f"{condition}: unknown {name} {value!r}{hint}")
    return key


def _choices() -> dict[str, list[Method]]:
    """Return the methods by the name of the parameter that a condition may choose."""
    names = dict.fromkeys(method.choice.name for method in catalogue.METHODS if method.choice)
    return {
        name: [one for one in catalogue.METHODS if one.choice and one.choice.name == name]
        for name in names
    }


def _in_two_keys(named: str) -> str:
    """The cure for who writes the key that stands in the data."""
    for method in catalogue.METHODS:
        for value, variant in method.by_choice.items():
            if method.choice and variant.key == named:
                return f". Write method = {method.key!r} and {method.choice.name} = {value!r}."
    return ""


def _factors(table: Table) -> dict[str, str]:
    factors = table.mapping("factors", {})
    usable = {}
    for name, level in factors.items():
        if not isinstance(level, str) or not KEY.fullmatch(level):
            table.add(
                "factors",
                f"the level of {name!r} is {level!r}. It must be a short word in quotes: small "
                "letters, digits, - and _.",
            )
        elif not COLUMN.fullmatch(name) or name in TAKEN:
            table.add(
                "factors",
                f"the factor {name!r} becomes a column of the data. Name it with small letters, "
                f"digits and _, and none of {sorted(TAKEN)}.",
            )
        else:
            usable[name] = level
    return usable
