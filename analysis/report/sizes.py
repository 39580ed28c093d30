"""Sizes of differences in words: 0.99 points, 15 percentage points."""

import math

from analysis.apa_numbers import number
from analysis.results import OutcomeResult, PrintedUnit, printed_unit


def size_text(size: float, unit: PrintedUnit, digits: int | None = None) -> str:
    """Return a difference without its sign, in words: 0.99 points, 15 percentage points."""
    if unit == "share":
        return f"{of_share(size, digits)} percentage points"
    return " ".join([number(abs(size), decimals(unit)), *unit_words(unit)])


def smallest_text(result: OutcomeResult) -> str:
    """Return the plan's smallest effect in the unit of the answer: 15 percentage points.

    Raises ValueError if the plan declares none.
    """
    smallest = result.outcome.smallest_effect
    if smallest is None:
        raise ValueError(f"the plan declares no smallest effect of {result.outcome.key}")
    if result.answer is None or result.answer.unit in ("chance", "odds", "ratio"):
        return number(smallest)
    unit = printed_unit(result)
    # A limit is exact: .125 is 12.5 percentage points.
    is_whole = math.isclose(100 * smallest, round(100 * smallest))
    return size_text(smallest, unit, 0 if is_whole else 1)


def unit_words(unit: PrintedUnit) -> list[str]:
    """Return the unit in words, or nothing for a quantity without a unit."""
    words: dict[PrintedUnit, str] = {
        "points": "points",
        "share": "percentage points",
        "milliseconds": "milliseconds",
        "seconds": "seconds",
        "log": "log units",
    }
    return [words[unit]] if unit in words else []


def decimals(unit: PrintedUnit) -> int:
    """Return the decimals with which a difference in this unit is printed."""
    return 0 if unit == "milliseconds" else 2


def of_share(share: float, digits: int | None = None) -> str:
    """Return the size of a share in percent, without its sign, with a decimal if it is small."""
    if digits is None:
        digits = 0 if abs(share) >= 0.01 or share == 0 else 1
    return number(100 * abs(share), digits)
