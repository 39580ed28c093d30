"""A page as a participant sent it, which is read once and handed to the service that stores it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from surveys.pages.browser_timings import Timings
from surveys.questionnaires.base import Item
from surveys.study_file.step import Step


@dataclass(frozen=True)
class SentPage:
    """A sent page. ``items`` are the page's items in the participant's order, and ``answers`` gives
    the value by item.

    An answer that is empty counts as not given. ``timed_out``: the page sent itself when its time
    was up, and may therefore lack answers. ``is_skipped``: its pictures could not be loaded, so it
    has no answers. ``extra_fields``: the request carried fields that the page does not have.
    ``signals`` counts how the answers came about, and is None unless the study file asks for it.
    ``path`` are the points of surveys.pages.uncovering by which a blurred picture was cleared.
    """

    step: Step
    items: tuple[Item, ...]
    answers: Mapping[str, str]
    response_time_ms: float | None = None
    timings: Timings | None = None
    timed_out: bool = False
    is_skipped: bool = False
    extra_fields: bool = False
    signals: Mapping[str, Any] | None = None
    path: Sequence[list[Any]] = ()

    def __post_init__(self) -> None:
        given = {item: value for item, value in self.answers.items() if value}
        object.__setattr__(self, "answers", given)
