"""Ratings with the range that the plan, the codebook or the wording states for them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.sections.behaviour.trials import behaviour_of
from analysis.sections.data_checks.material import Material, Numbers, once

MOST_STEPS = 12  # of a rating in whole numbers, such as 1 to 7 or 0 to 10
NUMBER = r"([-−]?\d{1,4})"
MEANS = r"(?:\s*(?:=|\([^)]*\)|\[[^\]]*\])[^,;:()\d]*?)?"
"""The meaning of an end, such as = not at all, or in brackets."""
RANGE = re.compile(
    rf"(?P<before>[^\W\d_]+)?[\s(\[]*(?<![\d.,]){NUMBER}{MEANS}\s*"
    r"(?:to|bis|through|until|und|and|[-–—…/,;]|\.{2,3}|→)\s*(?:to|bis|up to)?\s*"
    rf"{NUMBER}(?![\d.]\d)",
    re.I,
)
COUNTED = re.compile(
    r"(trial|block|blöck|image|bild|day|tag|session|week|woche|item|frage|question|durchg|round|"
    r"runde|wave|welle|phase|case|fall|fälle|page|seite|time|aged?$|alter|figure|stud|experiment|"
    r"version|month|year|jahr|minute|second|sekunde|class|grade|part|teil|step|schritt|position|"
    r"people|person|participant|teilnehm|expert|of$|aus$|q$)",
    re.I,
)
"""Words before two numbers that count things and state no range of answers."""
LOWEST_ENDS = (-100, -50, -10, -5, -4, -3, -2, -1, 0, 1)


@dataclass(frozen=True)
class Rating:
    """A column of ratings: its values by participant, and the range that is declared or stated.

    `says` is the wording that states the range, or "" for a declared range.
    """

    name: str
    low: float
    high: float
    says: str
    values: pd.Series


def stated_range(text: str) -> tuple[float, float] | None:
    """Return the ends of the answers that a label states, such as "1 to 5" or "0–100"."""
    for found in RANGE.finditer(text):
        low, high = (float(end.replace("−", "-")) for end in found.groups()[1:])
        if COUNTED.match(found["before"] or ""):
            continue
        if low in LOWEST_ENDS and low + 2 <= high <= 1000:
            return low, high
    return None


@once
def trial_ratings(material: Material) -> list[Rating]:
    """Return the trial columns with a range by the plan, the codebook, or an outcome's label."""
    return list(_trial_ratings(material))


def _trial_ratings(material: Material) -> Iterator[Rating]:
    behaviour = behaviour_of(material.data)
    seen: set[str] = set()
    ranges: list[tuple[str, tuple[float, ...], str]] = []
    if behaviour is not None and behaviour.confidence and behaviour.confidence_range:
        ranges.append((behaviour.confidence, behaviour.confidence_range, ""))
    book = material.data.codebook
    rows = book[(book["file"] == "trials.csv") & book["item"].isna()]
    for row in rows.dropna(subset=["minimum", "maximum"]).to_dict("records"):
        ranges.append((str(row["column"]), (float(row["minimum"]), float(row["maximum"])), ""))
    for outcome in material.data.plan.outcomes:
        if outcome.column is not None and outcome.transform is None:
            stated = stated_range(outcome.label)
            if stated is not None:
                ranges.append((outcome.column, stated, outcome.label))
    for name, (low, high), says in ranges:
        values = material.trial_numbers.get(name)
        if values is not None and name not in seen:
            seen.add(name)
            cells = pd.Series(values, index=material.trials["participant"]).dropna()
            if len(cells):
                yield Rating(name, float(low), float(high), says, cells)


def is_rating(values: Numbers) -> bool:
    """Return whether the values are few whole numbers near 0, as of a rating scale."""
    distinct = np.unique(values)
    whole = bool((distinct % 1 == 0).all())
    return whole and 4 <= len(distinct) <= MOST_STEPS and bool(np.ptp(distinct) <= MOST_STEPS)
