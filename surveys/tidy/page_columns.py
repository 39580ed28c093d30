"""What the script measured, as columns: a row per page that was sent, and a row per event."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from surveys.models import Submission, Trial
from surveys.tidy.cell_sources import of_stage
from surveys.tidy.cells import Cell
from surveys.tidy.columns import ARM, BROWSER, PERSON, SERVER, TIMED_OUT, YES_NO, Column

MEASURED: dict[str, tuple[str, str]] = {
    "painted_ms": (
        "number",
        "Milliseconds from the request for the page until all its pictures were painted",
    ),
    "dwell_ms": ("number", "Milliseconds that the page was in view, from painting to sending"),
    "away_ms": (
        "number",
        "Milliseconds that the page was hidden or without focus, from painting to sending",
    ),
    "times_away": ("integer", "How often the page was left for another tab or window"),
    "map_toggles": ("integer", "How often the map was hidden or shown; empty means never"),
    "opacity_changes": ("integer", "How often the map's strength was set; empty means never"),
    "opacity": ("number", "Strength of the map that was set last, in percent; empty means 100"),
    "zooms": ("integer", "How often the picture was enlarged or made small; empty means never"),
    "viewport_width": ("integer", "Width of the browser's window in CSS pixels"),
    "viewport_height": ("integer", "Height of the browser's window in CSS pixels"),
    "pixel_ratio": ("number", "Pixels of the screen per CSS pixel, zoom of the browser included"),
    "attempts": ("integer", "How often the page was sent until it was stored; more than 1: lost"),
    "pictures_failed": ("integer", "Pictures that could not be loaded; empty means none"),
}
INTERRUPTED = (
    "Whether the page was loaded more than once or left for another tab or window: a time measured "
    "on it is then not that of one look"
)
IN_TRIALS = ("dwell_ms", "away_ms", "map_toggles", "opacity", "zooms")


@dataclass(frozen=True)
class PageEvent:
    """One entry of a page's ``events``: surveys.pages.browser_timings.Timings."""

    submission: Submission
    at_ms: float
    kind: str
    value: float


def events(pages: Iterable[Submission]) -> Iterator[PageEvent]:
    """All events of the pages, in their order."""
    for page in pages:
        for at, kind, value in (page.timings or {}).get("events", []):
            yield PageEvent(page, at, kind, value)


def measured(name: str) -> Callable[[Submission], Cell]:
    """A field of the page's timings; empty where it was not measured."""
    return lambda page: cast("Cell", (page.timings or {}).get(name))


def in_trial(name: str) -> Callable[[Trial], Cell]:
    """A field of the timings of the trial's last page."""
    found = of_stage("timings")
    return lambda trial: cast("Cell", cast("dict[str, Any]", found(trial) or {}).get(name))


def interrupted(trial: Trial) -> Cell:
    """Whether any page of the trial was interrupted; empty where none was sent."""
    pages = list(trial.submissions.all())
    return any(page.interrupted for page in pages) if pages else None


def _measured_column(name: str, source: Callable[[Any], Cell]) -> Column:
    kind, label = MEASURED[name]
    return Column(name, kind, source, label, 0, 100 if name == "opacity" else None)


TRIAL_TIMES: tuple[Column, ...] = (
    *(_measured_column(name, in_trial(name)) for name in IN_TRIALS),
    Column("interrupted", "integer", interrupted, INTERRUPTED, 0, 1, YES_NO),
)
PAGES: tuple[Column, ...] = (
    Column("participant", "text", "participant.pseudonym", PERSON),
    Column("arm", "category", "participant.arm.key", ARM),
    Column("page", "text", "step", "Key of the page"),
    Column("position", "integer", "trial.position", "Place of the page's trial; else empty", 1),
    Column("block", "integer", "block", "Block of trials that the page belongs to; 0: none", 0),
    Column("times_shown", "integer", "times_shown", "How often the page had been loaded", 0),
    Column("interrupted", "integer", "interrupted", INTERRUPTED, 0, 1, YES_NO),
    Column("response_time_ms", "number", "response_time_ms", BROWSER, 0),
    Column("server_seconds", "number", "server_seconds", SERVER, 0),
    Column("timed_out", "integer", "timed_out", TIMED_OUT, 0, 1, YES_NO),
    *(_measured_column(name, measured(name)) for name in MEASURED),
    Column("answered_at", "datetime", "submitted_at", "Time at which the page was stored, UTC"),
)
EVENTS: tuple[Column, ...] = (
    Column("participant", "text", "submission.participant.pseudonym", PERSON),
    Column("arm", "category", "submission.participant.arm.key", ARM),
    Column("page", "text", "submission.step", "Key of the page"),
    Column("at_ms", "number", "at_ms", "Milliseconds after the pictures were painted", 0),
    Column(
        "kind",
        "category",
        "kind",
        "What happened",
        values={
            "map": "the map was hidden or shown",
            "opacity": "the strength of the map was set",
            "zoom": "the picture was enlarged or made small",
            "away": "the page was left for another tab or window",
            "back": "the person came back to the page",
        },
    ),
    Column(
        "value",
        "number",
        "value",
        "map and zoom: 1 on, 0 off; opacity: percent; else 0",
    ),
)
