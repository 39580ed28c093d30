"""Expressions that name a number of results.json, such as "percent(outcomes/right/found/n)".

A path names values from the top of results.json, with a slash between them. In a list it selects
the entry with this key, arm, method, term or outcome, or the entry with this number from 0.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from scipy import stats

_CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NAMES = ("key", "arm", "method", "term", "reference")


class ExpressionError(ValueError):
    """An expression that cannot be read, or that names no number of the results."""


def _share(*counts: float) -> float:
    """Return the first of the counts in per cent of all."""
    return 100 * counts[0] / sum(counts)


def _independent_half_width(won: float, lost: float) -> float:
    """Return half of the 95 % interval of a share in per cent, as if choices were independent."""
    n = won + lost
    return 100 * float(stats.norm.ppf(0.975)) * sqrt(won * lost / n**2 / n)


def _standard_error(deviation: float, n: float) -> float:
    return deviation / sqrt(n)


def _r_of_p(p: float, *counts: float) -> float:
    """Return the effect size r = |z| / √n of a rank test with this p and the groups' counts."""
    return float(stats.norm.isf(p / 2)) / sqrt(sum(counts))


def _p_of_t(t: float, df: float) -> float:
    return float(2 * stats.t.sf(abs(t), df))


def _p_of_f(f: float, first: float, second: float) -> float:
    return float(stats.f.sf(f, first, second))


@dataclass(frozen=True)
class Formula:
    """A function of numbers, and how many it needs (None: one or more)."""

    function: Callable[..., float]
    needs: int | None


FORMULAS: Mapping[str, Formula] = {
    "value": Formula(lambda value: value, 1),
    "percent": Formula(lambda value: 100 * value, 1),
    "percent_half_width": Formula(lambda low, high: 100 * (high - low) / 2, 2),
    "share": Formula(_share, None),
    "independent_half_width": Formula(_independent_half_width, 2),
    "standard_error": Formula(_standard_error, 2),
    "r_of_p": Formula(_r_of_p, None),
    "p_of_t": Formula(_p_of_t, 2),
    "p_of_f": Formula(_p_of_f, 3),
    "sum": Formula(lambda *values: sum(values), None),
}


@dataclass(frozen=True)
class Expression:
    """A formula with its arguments, each of which is a path or a number."""

    formula: str
    arguments: tuple[str, ...]

    def on(self, results: Mapping[str, Any]) -> float:
        """Return the number. Raises ExpressionError if a path does not lead to one."""
        numbers = [
            float(argument) if _NUMBER.fullmatch(argument) else number_at(results, argument)
            for argument in self.arguments
        ]
        return float(FORMULAS[self.formula].function(*numbers))


def read_expression(text: str) -> Expression:
    """Return the expression in the text. Raises ExpressionError with the rule that it breaks."""
    call = _CALL.fullmatch(text.strip())
    name = call["name"] if call else "value"
    arguments = [part.strip() for part in (call["arguments"] if call else text).split(",")]
    if name not in FORMULAS:
        known = ", ".join(FORMULAS)
        raise ExpressionError(f"{name!r} is not a formula. Use one of {known}.")
    needs = FORMULAS[name].needs
    if not all(arguments) or (needs is not None and len(arguments) != needs):
        wanted = "one or more" if needs is None else needs
        raise ExpressionError(f"{text!r}: {name} needs {wanted} numbers or paths.")
    return Expression(name, tuple(arguments))


def number_at(results: Mapping[str, Any], path: str) -> float:
    """Return the number at the path. Raises ExpressionError if there is none."""
    value: Any = results
    for part in path.split("/"):
        value = _inside(value, part, path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExpressionError(f"results.json has no number at {path!r}, but {value!r}.")
    return float(value)


def _inside(value: Any, part: str, path: str) -> Any:
    if isinstance(value, Mapping) and part in value:
        return value[part]
    if isinstance(value, Sequence) and not isinstance(value, str):
        named = [entry for entry in value if _is_named(entry, part)]
        if len(named) == 1:
            return named[0]
        if part.isdigit() and int(part) < len(value):
            return value[int(part)]
    raise ExpressionError(f"results.json has nothing at {part!r} of {path!r}.")


def _is_named(entry: Any, name: str) -> bool:
    if not isinstance(entry, Mapping):
        return False
    outcome = entry.get("outcome")
    if isinstance(outcome, Mapping):
        return outcome.get("key") == name
    return any(entry.get(key) == name for key in _NAMES)
