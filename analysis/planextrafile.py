"""What is wrong with the tables of a plan that stand beside its outcomes."""

from collections.abc import Callable, Mapping
from typing import Any

from analysis.tomlclass import is_number, is_whole

Document = Mapping[str, Any]


def extra_problems(document: Document) -> list[str]:
    """What the file alone can show, beyond the types of the values."""
    return [
        problem
        for key, check in CHECKS.items()
        if isinstance(document.get(key), dict)
        for problem in check(document[key], document)
    ]


def _bayes(table: Document, document: Document) -> list[str]:
    scale = table.get("scale", 1)
    if is_number(scale) and scale <= 0:
        return [f"bayes: scale must be above 0, got {scale!r}."]
    return []


def _mediation(table: Document, document: Document) -> list[str]:
    mediators = table.get("mediators")
    mediators = mediators if isinstance(mediators, list) else []
    problems = []
    if "mediators" in table and not 1 <= len(mediators) <= 3:
        problems.append(f"mediation: name one to three mediators, got {mediators}.")
    named = [one for one in [table.get("outcome"), *mediators] if isinstance(one, str)]
    problems += _unknown("mediation", named, document)
    if len(set(named)) < len(named):
        problems.append(f"mediation: {named} names an outcome twice. Remove one.")
    runs = table.get("runs", 5000)
    if is_whole(runs) and not 200 <= runs <= 100_000:
        problems.append(f"mediation: runs must be 200 to 100000, got {runs}.")
    return problems


def _multiverse(table: Document, document: Document) -> list[str]:
    outcomes = table.get("outcomes", [])
    named = [one for one in outcomes if isinstance(one, str)] if isinstance(outcomes, list) else []
    problems = _unknown("multiverse", named, document)
    shares = table.get("min_answered", [])
    shares = shares if isinstance(shares, list) else []
    if any(is_number(one) and not 0 < one <= 1 for one in shares):
        problems.append(f"multiverse: min_answered must be above 0 and at most 1, got {shares}.")
    return problems


def _meeting(table: Document, document: Document) -> list[str]:
    outcomes = table.get("outcomes", [])
    named = [one for one in outcomes if isinstance(one, str)] if isinstance(outcomes, list) else []
    problems = _unknown("meeting", named, document)
    if table.get("measures") == []:
        problems.append("meeting: measures names none. Name some, or leave it out.")
    return problems


def _unknown(name: str, keys: list[str], document: Document) -> list[str]:
    outcomes = document.get("outcomes", [])
    known = [one.get("key") for one in outcomes if isinstance(one, dict)]
    unknown = [key for key in keys if key not in known]
    return [f"{name}: {unknown} are not keys of outcomes {known}. Name some."] if unknown else []


CHECKS: Mapping[str, Callable[[Document, Document], list[str]]] = {
    "bayes": _bayes,
    "mediation": _mediation,
    "multiverse": _multiverse,
    "meeting": _meeting,
}
