"""Participants as researchers see them: a list, and one person's way through the pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from studyplatform.panel.monitoring import attention_checks, speeders
from studyplatform.panel.page_names import page_names
from surveys.blinding import hides_arm, is_blinded, limited_pages
from surveys.models import Participant, Study
from surveys.services.finding import has_code
from surveys.study_file.stored import definition

STATES: Mapping[str, Promise] = {
    Participant.State.STARTED: gettext_lazy("Under way"),
    Participant.State.COMPLETED: gettext_lazy("Completed"),
    Participant.State.STOPPED: gettext_lazy("Stopped"),
    Participant.State.ENDED: gettext_lazy("Ended by the study"),
}
EXCLUDED, FAILED, FAST = "excluded", "failed", "fast"
FILTERS: Mapping[str, Promise] = {
    **STATES,
    EXCLUDED: gettext_lazy("Excluded by hand"),
    FAILED: gettext_lazy("Failed an attention check"),
    FAST: gettext_lazy("Took less than a third of the median time"),
}
"""What the list can be narrowed to: a state, or something about people of any state."""


def erased_count(study: Study, *, simulated: bool = False) -> int:
    """Return how many people of the study had an arm and were erased, of whom nothing else is
    left."""
    return study.slots.filter(erased=True, simulated=simulated).count()


@dataclass(frozen=True)
class Row:
    """A line of the list. ``pages`` and ``arm`` are None while they are hidden."""

    participant: Participant
    state: str
    minutes: float | None
    pages: int | None
    arm: str | None
    excluded: bool = False


@dataclass(frozen=True)
class PageSeen:
    """A page that was sent to a participant, with the times of sending and answering."""

    name: str
    first_shown_at: datetime | None
    times: int
    submitted_at: datetime | None
    seconds: float | None
    interrupted: bool
    timed_out: bool


@dataclass(frozen=True)
class EventSeen:
    """Something that happened on a page besides an answer."""

    at: datetime
    page: str
    kind: str


EVENTS_IN_WORDS = {
    "replayed": gettext_lazy("the page was sent again, with equal answers"),
    "conflict": gettext_lazy("the page was sent again with other answers; the first ones count"),
    "out of order": gettext_lazy("a page was sent that is not the current one"),
    "lapsed": gettext_lazy("the page was sent after too long an absence"),
    "refused": gettext_lazy("the page was sent after the person had stopped"),
    "ended": gettext_lazy("the participation ended early, or a page was sent after that"),
    "extra fields": gettext_lazy("answers were sent to questions that the page does not ask"),
    "more time": gettext_lazy("more time was asked for"),
    "stopped": gettext_lazy("stopped"),
}
"""What the events are called for readers, by their stored names."""


def found(study: Study, state: str, simulated: bool, typed: str) -> QuerySet[Participant]:
    """Return the participants in the state, or all if it is empty, the latest first.

    ``state`` may be each of FILTERS. ``typed`` restricts them to a pseudonym, a personal code, or a
    completion code, also of a later session.
    """
    people = study.participants.filter(simulated=simulated)
    if state == FAILED:
        people = people.filter(pk__in=attention_checks(study, people)[1])
    elif state == FAST:
        people = speeders(people)
    people = people.select_related("arm", "study", "exclusion")
    if state in STATES:
        people = people.filter(state=state)
    elif state == EXCLUDED:
        people = people.filter(exclusion__isnull=False)
    if typed.strip():
        people = people.filter(has_code(typed))
    return people.annotate(sent=Count("submissions")).order_by("-consented_at", "-pk")


def rows(study: Study, people: Sequence[Participant]) -> list[Row]:
    """Return a line for each participant, without what would reveal a hidden arm."""
    reveals_pages = bool(limited_pages(definition(study)))
    listed = []
    for person in people:
        hidden = is_blinded(study) and not person.simulated
        listed.append(
            Row(
                person,
                str(STATES[person.state]),
                _minutes(person),
                None if hidden and reveals_pages else person.sent,  # type: ignore[attr-defined]
                None if hidden or person.arm is None else person.arm.label,
                hasattr(person, "exclusion"),
            )
        )
    return listed


def pages_seen(participant: Participant) -> list[PageSeen]:
    """Return the pages that the participant was sent, in the order of their first showing."""
    submissions = {row.step: row for row in participant.submissions.all()}
    hidden = _hidden_steps(participant)
    views = [row for row in participant.views.order_by("first_shown_at") if row.step not in hidden]
    names = page_names(definition(participant.study))
    seen = []
    for view in views:
        sent = submissions.get(view.step)
        seen.append(
            PageSeen(
                names.get(view.step, view.step),
                view.first_shown_at,
                view.times,
                sent.submitted_at if sent else None,
                sent.server_seconds if sent else None,
                bool(sent and sent.interrupted),
                bool(sent and sent.timed_out),
            )
        )
    return seen


def events_seen(participant: Participant) -> list[EventSeen]:
    """Return the events on the participant's pages, in their order."""
    hidden = _hidden_steps(participant)
    names = page_names(definition(participant.study))
    return [
        EventSeen(
            event.at,
            names.get(event.step, event.step),
            str(EVENTS_IN_WORDS.get(event.kind, event.kind)),
        )
        for event in participant.events.order_by("at", "pk")
        if event.step not in hidden
    ]


def _hidden_steps(participant: Participant) -> frozenset[str]:
    """Return the pages whose mere visit would reveal the participant's arm."""
    if not hides_arm(participant):
        return frozenset()
    return frozenset(limited_pages(definition(participant.study)))


def _minutes(participant: Participant) -> float | None:
    if participant.finished_at is None:
        return None
    return (participant.finished_at - participant.consented_at).total_seconds() / 60
