"""The [[arms]] of a study file: what each shows, and what is chosen of its method."""

import re

from explanations import catalogue
from explanations.catalogue import Method
from surveys.study_file import declaration
from surveys.toml.table import Table, did_you_mean

KEY = re.compile(r"[a-z][a-z0-9_-]{0,49}")
COLUMN = re.compile(r"[a-z][a-z0-9_]{0,29}")
TAKEN = frozenset(
    ("arm", "block", "condition", "image", "method", "part", "participant", "position", "value")
)


def read_arm(table: Table) -> declaration.DeclaredArm:
    """The arm that the table declares; what is wrong is reported to it."""
    key = read_key(table, "key")
    arm = declaration.DeclaredArm(
        key,
        table.text("label"),
        _method(table, key),
        prediction=table.flag("prediction", True),
        probability=table.flag("probability", False),
        factors=_factors(table),
    )
    if len(arm.label) > 80:
        table.add("label", f"the label of arm {arm.key!r} has more than 80 characters. Shorten it.")
    if arm.method and not arm.prediction:
        table.add(
            "method",
            f"arm {arm.key!r} shows a map of a prediction that it hides. Remove the method, or "
            "prediction = false.",
        )
    if arm.probability and not arm.prediction:
        table.add("probability", f"arm {arm.key!r} shows no prediction. Remove probability.")
    table.finish()
    return arm


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


def _method(table: Table, arm: str) -> str:
    """Key of the method, or of its variant where the arm chooses another value than the usual."""
    named = key = table.text("method", "")
    known = {method.key: method for method in catalogue.METHODS}
    if named and named not in known:
        hint = _in_two_keys(named) or did_you_mean(named, list(known))
        table.add("method", f"arm {arm!r}: unknown method {named!r}{hint}")
    for name, owners in _choices().items():
        value = table.text(name, "")
        if name not in table.values:
            continue
        if not named or (named in known and known[named] not in owners):
            has = f"the method {named!r} has none" if named else "it shows no map"
            table.add(
                name,
                f"arm {arm!r} chooses a {name}, and {has}. Remove {name}, or take the method "
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
            table.add(name, f"arm {arm!r}: unknown {name} {value!r}{hint}")
    return key


def _choices() -> dict[str, list[Method]]:
    """The methods by the name of the parameter that an arm may choose of them."""
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
