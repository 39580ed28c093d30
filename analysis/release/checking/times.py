"""Exact times in tables, which link a row to whoever was seen at work at that moment."""

import re
from collections.abc import Sequence

from analysis.release.checking.column_names import normalised

REFERENCE = "2000-01-01"
"""The day from which a release of this platform counts the times of each participant."""
MOMENT = re.compile(r"((?:19|20)\d\d-\d\d-\d\d)[T ](\d\d):?(\d\d)(?::?(\d\d))?")
OTHER_MOMENT = re.compile(
    r"\b\d{1,2}[./]\d{1,2}[./](?:19|20)?\d\d,?\s+\d{1,2}:\d\d|"
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [A-Z][a-z]{2} \d{1,2},? (?:(?:19|20)\d\d )?\d\d:\d\d"
)
IN_FILE_NAME = re.compile(
    r"(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d[T_ .-]+[0-2]\d[-_.:h]?[0-5]\d(?:[-_.:m]?[0-5]\d)?"
)
EPOCH = re.compile(r"1[2-9]\d{8}(?:\.\d+)?|1[2-9]\d{11}")
TIME_WORDS = re.compile(r"\b(?:time|timestamp|date|at|start|started|end|ended|created|submitted)\b")


def moments(cells: Sequence[str], column: str) -> list[int]:
    """Return the places of the cells that are exact times.

    Seconds since 1970 are looked for in columns whose names speak of time, and in which every
    number is such a time: response times can be as large.
    """
    numbers = [cell for cell in cells if re.fullmatch(r"-?\d+(?:\.\d+)?", cell)]
    is_time = bool(TIME_WORDS.search(normalised(column))) and all(map(EPOCH.fullmatch, numbers))
    return [
        place
        for place, cell in enumerate(cells)
        if is_moment(cell) or (is_time and EPOCH.fullmatch(cell))
    ]


def is_moment(text: str) -> bool:
    """Return whether a text is a date with a time of day. Midnight means a whole day."""
    if match := MOMENT.search(text):
        # A sentence may mention a time; a cell that holds a time begins with it.
        return match.start() == 0 and {match[2], match[3], match[4] or "00"} != {"00"}
    return bool(OTHER_MOMENT.match(text))


def are_counted_from_a_reference(values: Sequence[str]) -> bool:
    """Return whether the times are counted from REFERENCE, so that they name no real moment."""
    years = {value[:4] for value in values}
    return bool(values) and years == {REFERENCE[:4]} and min(values) < f"{REFERENCE}T24"
