"""Columns for the page script's measurements, with a row per submitted page and a row per event."""

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
        "Milliseconds from requesting the page until all its images were painted",
    ),
    "dwell_ms": ("number", "Milliseconds that the page was in view, from painting to submission"),
    "away_ms": (
        "number",
        "Milliseconds that the page was hidden or not focused, from painting to submission",
    ),
    "times_away": ("integer", "Number of times the page was left for another tab or window"),
    "map_toggles": ("integer", "Number of times the map was hidden or shown; empty means never"),
    "opacity_changes": (
        "integer",
        "Number of times the map's opacity was changed; empty means never",
    ),
    "opacity": ("number", "Last opacity of the map, in percent; empty means 100"),
    "zooms": ("integer", "Number of times the image was enlarged or reduced; empty means never"),
    "viewport_width": ("integer", "Width of the browser window in CSS pixels"),
    "viewport_height": ("integer", "Height of the browser window in CSS pixels"),
    "pixel_ratio": ("number", "Screen pixels per CSS pixel, including the browser's zoom"),
    "attempts": (
        "integer",
        "Attempts needed to store the page; more than 1 if sending failed before",
    ),
    "pictures_failed": ("integer", "Number of images that could not be loaded; empty means none"),
}
INTERRUPTED = (
    "Whether the page was loaded more than once or left for another tab or window; its times then "
    "do not measure a single uninterrupted visit"
)
EXTENSIONS = "Number of times the participant asked for more time on the page"
OPTION_ORDER = (
    "The options of each question of a comprehension check in the order in which they were shown, "
    "such as 'outline: against for object; unmarked: less wrong never'; empty for other pages"
)
WITHOUT_PICTURE = (
    "Whether a picture of the trial could not be loaded. The trial then has no answer, unless the "
    "study's [pages] without_picture is 'answer'. Empty where the script measured nothing"
)
IN_TRIALS = ("dwell_ms", "away_ms", "map_toggles", "opacity", "zooms")


@dataclass(frozen=True)
class PageEvent:
    """An entry of a page's ``events``; see surveys.pages.browser_timings.Timings."""

    submission: Submission
    at_ms: float
    kind: str
    value: float


def events(pages: Iterable[Submission]) -> Iterator[PageEvent]:
    """Yield all events of the pages, in their order."""
    for page in pages:
        for at, kind, value in (page.timings or {}).get("events", []):
            yield PageEvent(page, at, kind, value)


def measured(name: str) -> Callable[[Submission], Cell]:
    """Return a function that reads a field of a page's timings. Empty where it was not measured."""
    return lambda page: cast("Cell", (page.timings or {}).get(name))


def in_trial(name: str) -> Callable[[Trial], Cell]:
    """Return a function that reads a field of the timings of the trial's last page."""
    timings = of_stage("timings")
    return lambda trial: cast("Cell", cast("dict[str, Any]", timings(trial) or {}).get(name))


def interrupted(trial: Trial) -> Cell:
    """Return whether any page of the trial was interrupted. Empty if no page was submitted."""
    pages = list(trial.submissions.all())
    return any(page.interrupted for page in pages) if pages else None


def without_picture(trial: Trial) -> Cell:
    """Return whether a picture of any page of the trial could not be loaded. Empty if unknown."""
    measured = [page.timings for page in trial.submissions.all() if page.timings is not None]
    return any(timings.get("pictures_failed") for timings in measured) if measured else None


def extensions_of(trial: Trial) -> Cell:
    """Return how often more time was asked for on the trial's pages. Empty if none was sent."""
    pages = list(trial.submissions.all())
    return sum(page.extensions for page in pages) if pages else None


def option_order(page: Submission) -> Cell:
    """Return the shuffled options of the page's questions, in their orders. Empty if none were."""
    # PostgreSQL stores the keys of an object in an order of its own.
    asked = [item for item in page.item_order if item in page.option_order]
    return "; ".join(f"{item}: {' '.join(page.option_order[item])}" for item in asked) or None


def _measured_column(name: str, source: Callable[[Any], Cell]) -> Column:
    kind, label = MEASURED[name]
    return Column(name, kind, source, label, 0, 100 if name == "opacity" else None)


TRIAL_TIMES: tuple[Column, ...] = (
    *(_measured_column(name, in_trial(name)) for name in IN_TRIALS),
    Column("interrupted", "integer", interrupted, INTERRUPTED, 0, 1, YES_NO),
    Column("without_picture", "integer", without_picture, WITHOUT_PICTURE, 0, 1, YES_NO),
    Column("time_extensions", "integer", extensions_of, EXTENSIONS, 0),
)
PAGES: tuple[Column, ...] = (
    Column("participant", "text", "participant.pseudonym", PERSON),
    Column("arm", "category", "participant.arm.key", ARM),
    Column("page", "text", "step", "Key of the page"),
    Column(
        "position",
        "integer",
        "trial.position",
        "Position of the page's trial; empty for other pages",
        1,
    ),
    Column("block", "integer", "block", "Block of trials that the page belongs to; 0 for none", 0),
    Column("times_shown", "integer", "times_shown", "Number of times the page had been loaded", 0),
    Column("interrupted", "integer", "interrupted", INTERRUPTED, 0, 1, YES_NO),
    Column("response_time_ms", "number", "response_time_ms", BROWSER, 0),
    Column("server_seconds", "number", "server_seconds", SERVER, 0),
    Column("timed_out", "integer", "timed_out", TIMED_OUT, 0, 1, YES_NO),
    Column("time_extensions", "integer", "extensions", EXTENSIONS, 0),
    Column("option_order", "text", option_order, OPTION_ORDER),
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
        "Kind of event",
        values={
            "map": "the map was hidden or shown",
            "opacity": "the map's opacity was changed",
            "zoom": "the image was enlarged or reduced",
            "moretime": "more time was asked for",
            "away": "the page was left for another tab or window",
            "back": "the participant returned to the page",
        },
    ),
    Column(
        "value",
        "number",
        "value",
        "For map and zoom, 1 on and 0 off; for opacity, percent; for moretime, how often it can "
        "still be asked for; otherwise 0",
    ),
)
