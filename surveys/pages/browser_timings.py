"""Measurements of the page's script, which are checked before they are stored because browsers can
send anything.
"""

import json
import math
import re
from dataclasses import asdict, dataclass, fields
from typing import Any

LONGEST = 24 * 3_600_000.0  # milliseconds: a tab left open for a day
MOST = 1_000_000
MOST_EVENTS = 200
EVENT = re.compile(r"[a-z]{1,12}")


@dataclass(frozen=True)
class Timings:
    """Measurements of one page.

    Milliseconds are counted by the browser's monotonic clock, and None means not measured.
    ``painted_ms``: from the request for the page to the frame in which all its images were painted.
    ``dwell_ms``: how long the page was in view until it was sent; ``away_ms``: how long it was
    hidden or not focused; both are counted from painting. ``opacity``: opacity of the map when the
    page was sent, in percent, if it was changed. ``attempts``: number of attempts to send the page,
    2 or more after a failure. ``pictures_failed``: number of images that could not be loaded;
    ``painted_ms`` is then missing. ``events``: at most 200 triples (milliseconds after painting,
    kind, value); the counts continue.
    """

    painted_ms: float | None = None
    dwell_ms: float | None = None
    away_ms: float | None = None
    times_away: int | None = None
    map_toggles: int | None = None
    opacity_changes: int | None = None
    opacity: float | None = None
    zooms: int | None = None
    viewport_width: int | None = None
    viewport_height: int | None = None
    pixel_ratio: float | None = None
    attempts: int | None = None
    timed_out: int | None = None
    pictures_failed: int | None = None
    events: tuple[tuple[float, str, float], ...] = ()

    def stored(self) -> dict[str, Any]:
        """Return the timings as a JSON object, without values that were not measured."""
        measured = {name: value for name, value in asdict(self).items() if value is not None}
        return measured | {"events": [list(event) for event in self.events]}


LIMITS = {
    "painted_ms": LONGEST,
    "dwell_ms": LONGEST,
    "away_ms": LONGEST,
    "opacity": 100.0,
    "viewport_width": 100_000,
    "viewport_height": 100_000,
    "pixel_ratio": 100.0,
    "timed_out": 1,
}
WHOLE = {field.name for field in fields(Timings) if field.type == int | None}


def read_timings(text: str) -> Timings | None:
    """Return the timings in a form's field, or None if the field does not contain any.

    A value that is not a number within its range counts as not measured, and an invalid event ends
    the list of events.
    """
    if len(text) > 20_000:  # far more than the page's script can send
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    numbers = {
        field.name: _number(values.get(field.name), field.name)
        for field in fields(Timings)
        if field.name != "events"
    }
    return Timings(**numbers, events=_events(values.get("events")))  # type: ignore[arg-type]


def _number(value: object, name: str) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not (math.isfinite(value) and 0 <= value <= LIMITS.get(name, MOST)):
        return None
    return int(value) if name in WHOLE else float(value)


def _events(values: object) -> tuple[tuple[float, str, float], ...]:
    events: list[tuple[float, str, float]] = []
    for entry in values[:MOST_EVENTS] if isinstance(values, list) else ():
        match entry:
            case [int() | float() as at, str() as kind, int() | float() as value] if (
                math.isfinite(at) and math.isfinite(value) and EVENT.fullmatch(kind)
            ):
                events.append((float(at), kind, float(value)))
            case _:
                break
    return tuple(events)
