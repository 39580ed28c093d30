"""The path of the circle that clears a blurred picture, checked before it is stored because
browsers can send anything.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from surveys import tasks
from surveys.models import Participant
from surveys.pages.browser_timings import LONGEST
from surveys.study_file.parts import TrialsPart
from surveys.study_file.step import Step
from surveys.study_file.stored import definition

FIELD, CELL = "path", "cell"
"""The fields of a form: the path by the script, and the cell to clear next without the script."""
KINDS: Mapping[str, str] = {
    "p": "mouse or pen",
    "t": "finger",
    "k": "arrow keys",
    "c": "cell of the grid, chosen without the script",
}
WHOLE = 1000
"""Units of a coordinate across the picture."""
MOST_POINTS = 1500
LONGEST_TEXT = 40_000  # more than MOST_POINTS points need
Point = list[Any]
"""Milliseconds, then x and y in thousandths of the picture and a key of KINDS where the circle was
open. Times never decrease."""


def uncovers(participant: Participant, step: Step) -> TrialsPart | None:
    """Return the step's part if its page shows a blurred picture to uncover, else None."""
    if step.kind != "trial":
        return None
    part = definition(participant.study).part(step.part)
    if not isinstance(part, TrialsPart) or not tasks.get(part.task).stage(step.stage).uncovers:
        return None
    return part


def cells_across(part: TrialsPart) -> int:
    """Return the number of rows and columns of cells, whose circles together cover the picture."""
    # A circle covers the square whose diagonal is its diameter.
    return math.ceil(100 * math.sqrt(2) / part.circle)


def centre_of(part: TrialsPart, cell: str) -> tuple[int, int] | None:
    """Return x and y of a cell such as "2-1" (second row, first column) in thousandths.

    None for anything else.
    """
    row, _, column = cell.partition("-")
    across = cells_across(part)
    names = {str(number): number for number in range(1, across + 1)}
    if row not in names or column not in names:
        return None
    x, y = (round(WHOLE * (names[name] - 0.5) / across) for name in (column, row))
    return x, y


def cells_in(points: Sequence[Point]) -> list[Point]:
    """Return the points of the cells that were cleared without the script."""
    return [point for point in points if point[1:] and point[3] == "c"]


def read_path(text: str) -> list[Point]:
    """Return the points of a form's field. An invalid point ends the path."""
    if len(text) > LONGEST_TEXT:
        return []
    try:
        values = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    points: list[Point] = []
    before = 0
    for entry in values[:MOST_POINTS] if isinstance(values, list) else ():
        match entry:
            case [int() as at, *rest] if before <= at <= LONGEST and _is_place(rest):
                points.append([at, *rest])
                before = at
            case _:
                break
    return points


def _is_place(rest: Sequence[object]) -> bool:
    """Check whether the values are an open circle's x, y and kind, or nothing for a closed one."""
    match rest:
        case []:
            return True
        case [int() as x, int() as y, "p" | "t" | "k"]:
            return 0 <= x <= WHOLE and 0 <= y <= WHOLE
    return False


def joined(before: Sequence[Point], after: Sequence[Point]) -> list[Point]:
    """Return both paths as one, of which the second begins when the first ends.

    People whose script fails half-way have a part by each clock.
    """
    offset = before[-1][0] if before else 0
    moved = [[offset + at, *rest] for at, *rest in after]
    return [*before, *moved][: MOST_POINTS + 1]
