"""Columns of studies whose pages count how answers come about: by page, and summed by person.

They are raw counts. The analysis flags people by declared rules (analysis.study_data.signals).
"""

import math
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

from surveys.models import Participant, Submission
from surveys.tidy.cells import Cell
from surveys.tidy.columns import YES_NO, Column

WORDS_OF_READING = 60
"""Fewest words of a page that count for reading speed: shorter pages are looked at, not read."""
HIDDEN = {
    "empty": "left empty, as by people, who cannot see it",
    "told": "contained the number that only the page's source asks for",
    "other": "contained something else",
}
_COUNTS: tuple[tuple[str, str, str], ...] = (
    # column by page, key in Submission.signals, label
    ("webdriver", "webdriver", "the browser said that a program drives it"),
    ("answer_changes", "changes", "answers that were given or changed"),
    ("synthetic_answers", "synthetic", "answers that came from an event made by a script"),
    ("silent_answers", "silent", "answers that were there at the end without any event"),
    (
        "unprompted_answers",
        "unprompted",
        "answers without a key, pointer or touch within the second before, as by assistive "
        "technology",
    ),
    ("pastes", "pastes", "times that text was pasted or dropped into an answer"),
    ("characters", "characters", "characters that were added to texts"),
    ("pasted_characters", "pasted", "characters that were pasted or dropped into texts"),
    ("keyless_characters", "keyless", "characters that came without a key, as by dictation"),
)


def _counted(key: str) -> Callable[[Submission], Cell]:
    return lambda page: (page.signals or {}).get(key)


def _gaps(pages: Iterable[Submission]) -> list[float]:
    return [gap for page in pages for gap in (page.signals or {}).get("gaps", [])]


def _number(values: list[float]) -> Cell:
    return len(values) if values else None


def _mean(values: list[float]) -> Cell:
    return math.fsum(values) / len(values) if values else None


def _deviation(values: list[float]) -> Cell:
    """Return the standard deviation of the sample (n - 1). Empty with fewer than two values."""
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


_SPREAD: tuple[tuple[str, str, Callable[[list[float]], Cell], str], ...] = (
    ("answers_timed", "integer", _number, "Number of the distances that follow"),
    (
        "answer_gap_mean_ms",
        "number",
        _mean,
        "Mean milliseconds from the page's readiness to the first answer and between answers",
    ),
    ("answer_gap_sd_ms", "number", _deviation, "Standard deviation of these distances"),
)


def pictures_requested(page: Submission) -> Cell:
    """Return whether a picture of the page's trial was requested. Empty for other pages."""
    if page.trial is None or page.signals is None:
        return None
    return page.trial.pictures_sent > 0


PAGE_SIGNALS: tuple[Column, ...] = (
    *(
        Column(
            name,
            "integer",
            _counted(key),
            f"Whether {label}" if name == "webdriver" else f"Number of {label}",
            0,
            1 if name == "webdriver" else None,
            YES_NO if name == "webdriver" else None,
        )
        for name, key, label in _COUNTS
    ),
    *(
        Column(name, kind, lambda page, of=of: of(_gaps([page])), label, 0)  # type: ignore[misc]
        for name, kind, of, label in _SPREAD
    ),
    Column("words", "integer", _counted("words"), "Number of words on the page", 0),
    Column(
        "hidden_instruction",
        "category",
        _counted("hidden"),
        "The field that people cannot see; empty for pages without it",
        values=HIDDEN,
    ),
    Column(
        "pictures_requested",
        "integer",
        pictures_requested,
        "Whether the browser requested a picture of the trial; empty for other pages",
        0,
        1,
        YES_NO,
    ),
)


def _pages(person: Participant) -> list[Submission]:
    return [page for page in person.submissions.all() if page.signals is not None]


def _of(page: Submission) -> dict[str, Any]:
    """Return the page's counts. Empty for a page that was not counted."""
    return page.signals or {}


def _summed(key: str) -> Callable[[Participant], Cell]:
    """Return a function that sums a count over the pages. Empty if no page was counted."""

    def source(person: Participant) -> Cell:
        counts = [_of(page)[key] for page in _pages(person) if key in _of(page)]
        return sum(counts) if counts else None

    return source


def _hidden(value: str = "") -> Callable[[Participant], Cell]:
    """Return a function that counts the hidden fields, or those with the value."""

    def source(person: Participant) -> Cell:
        fields = [_of(page)["hidden"] for page in _pages(person) if "hidden" in _of(page)]
        if not fields:
            return None
        return fields.count(value) if value else len(fields)

    return source


def _read(person: Participant) -> list[tuple[int, float]]:
    """Return words and seconds of each page with enough words to be read."""
    read = []
    for page in _pages(person):
        words = _of(page).get("words", 0)
        dwell = (page.timings or {}).get("dwell_ms")
        seconds = page.server_seconds if dwell is None else dwell / 1000
        if words >= WORDS_OF_READING and seconds is not None:
            read.append((words, seconds))
    return read


def _answered_seconds(person: Participant) -> Cell:
    """Return the median seconds of the pages with an answer. Pages that sent themselves are left
    out.
    """
    seconds = [
        page.server_seconds
        for page in _pages(person)
        if page.item_order and not page.timed_out and page.server_seconds is not None
    ]
    return median(seconds) if seconds else None


def _trial_pages(person: Participant) -> list[Submission]:
    return [page for page in _pages(person) if page.trial_id is not None]


def _requested(person: Participant) -> Cell:
    trials = {page.trial for page in _trial_pages(person) if page.trial}
    return sum(trial.pictures_sent > 0 for trial in trials) if trials else None


PERSON_SIGNALS: tuple[Column, ...] = (
    Column("signal_pages", "integer", lambda one: len(_pages(one)), "Pages that were sent", 0),
    Column(
        "signal_measured",
        "integer",
        lambda one: sum("webdriver" in _of(page) for page in _pages(one)),
        "Of these, pages whose script counted; none without a script",
        0,
    ),
    *(
        Column(f"signal_{name}", "integer", _summed(key), f"Number of {label}", 0)
        if key != "webdriver"
        else Column("signal_webdriver", "integer", _summed(key), f"Pages on which {label}", 0)
        for name, key, label in _COUNTS
    ),
    *(
        Column(f"signal_{name}", kind, lambda one, of=of: of(_gaps(_pages(one))), label, 0)  # type: ignore[misc]
        for name, kind, of, label in _SPREAD
    ),
    Column(
        "signal_words",
        "integer",
        lambda one: sum(words for words, _ in _read(one)) or None,
        f"Words of the pages with at least {WORDS_OF_READING} words",
        0,
    ),
    Column(
        "signal_words_seconds",
        "number",
        lambda one: math.fsum(seconds for _, seconds in _read(one)) if _read(one) else None,
        "Seconds on these pages, in view where the script measured, else by the server's clock",
        0,
    ),
    Column(
        "signal_page_seconds_median",
        "number",
        _answered_seconds,
        "Median seconds from showing to storing the pages with a question, by the server's clock",
        0,
    ),
    Column("signal_hidden_asked", "integer", _hidden(), "Pages with the hidden instruction", 0),
    Column("signal_hidden_told", "integer", _hidden("told"), "Of these, pages that obeyed it", 0),
    Column(
        "signal_hidden_other",
        "integer",
        _hidden("other"),
        "Of these, pages that contained something else in its field",
        0,
    ),
    Column(
        "signal_pictures_due",
        "integer",
        lambda one: len({page.trial_id for page in _trial_pages(one)}) or None,
        "Trials that were answered, each of which shows pictures",
        0,
    ),
    Column(
        "signal_pictures_requested",
        "integer",
        _requested,
        "Of these, trials of which the browser requested a picture",
        0,
    ),
)
FOUND = Column(
    "found_picture",
    "integer",
    _counted("found"),
    "Whether the picture of a perceptual item was found again; empty for other pages",
    0,
    1,
    YES_NO,
)


def _items(person: Participant) -> list[bool]:
    return [_of(page)["found"] for page in _pages(person) if "found" in _of(page)]


PERCEPTION: tuple[Column, ...] = (
    Column(
        "signal_perception_asked",
        "integer",
        lambda one: len(_items(one)) or None,
        "Perceptual items, in which a picture is found again",
        0,
    ),
    Column(
        "signal_perception_right",
        "integer",
        lambda one: sum(_items(one)) if _items(one) else None,
        "Of these, pictures that were found again",
        0,
    ),
)
