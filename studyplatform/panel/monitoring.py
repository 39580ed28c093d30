"""A study while it runs: where people leave, how long they take, and whether arms are balanced.

Nothing here reveals who is in which arm, or which arm has how many people.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from studyplatform.panel.ending_counts import (
    EndingCount,
    SessionCount,
    ending_counts,
    session_counts,
)
from studyplatform.panel.page_names import page_names
from surveys.blinding import is_blinded, limited_pages
from surveys.models import Answer, PageView, Participant, Study, Submission
from surveys.pages.kinds.attention import expected
from surveys.study_file.stored import definition

SPEEDER = 1 / 3
"""Share of the median duration below which a person counts as a speeder."""
TIMED_PEOPLE = 200
"""People whose times on each page are looked at."""
QUIET = timedelta(hours=1)
"""Time without a page after which somebody under way counts as gone."""


@dataclass(frozen=True)
class PageCounts:
    """A page: how many were sent it, how many answered it, and how many stayed there.

    ``name`` is for people to read. ``stopped`` pressed "stop" there. ``gone`` are under way and
    sent nothing for an hour. ``seconds`` is the median time from the page to its answer, of the
    latest people, or None while nobody has sent it.
    """

    name: str
    shown: int
    sent: int
    stopped: int
    gone: int
    seconds: float | None


@dataclass(frozen=True)
class Durations:
    """Minutes from consent to the last page of those who completed."""

    people: int
    lower: float
    median: float
    upper: float
    speeders: int


@dataclass(frozen=True)
class Money:
    """What participants are paid, without the fees of a recruitment service.

    ``wage`` is the pay of an hour at the median duration, or None while that is unknown.
    """

    currency: str
    pay: float
    spent: float
    planned: float
    wage: float | None


@dataclass(frozen=True)
class Monitor:
    """Everything that the page shows, of real participants only."""

    at: datetime
    last_day: int
    last_arrival: datetime | None
    pages: tuple[PageCounts, ...]
    hidden_pages: bool
    durations: Durations | None
    money: Money | None
    checks: int
    failed_a_check: int
    allocated: int
    erased: int
    arms: int
    imbalance: float | None
    interrupted: int
    errors: int
    errors_last_day: int
    endings: tuple[EndingCount, ...] = ()
    sessions: tuple[SessionCount, ...] = ()


def monitor(study: Study) -> Monitor:
    """Count in a fixed number of queries."""
    # Everybody in a pilot is simulated.
    people = study.participants.filter(simulated=study.is_pilot)
    now = timezone.now()
    arrivals = people.aggregate(
        last=Max("consented_at"),
        day=Count("pk", filter=Q(consented_at__gte=now - timedelta(days=1))),
    )
    checks, failed = attention_checks(study, people)
    arms, allocated, imbalance = _balance(study)
    durations = _durations(people)
    errors = study.page_errors.aggregate(
        all=Sum("count"),
        day=Sum("count", filter=Q(hour__gte=now - timedelta(days=1))),
    )
    hidden = limited_pages(definition(study)) if is_blinded(study) else []
    return Monitor(
        at=now,
        last_day=arrivals["day"],
        last_arrival=arrivals["last"],
        pages=tuple(_pages(study, people, now, frozenset(hidden))),
        hidden_pages=bool(hidden),
        durations=durations,
        money=_money(study, people, durations),
        checks=checks,
        failed_a_check=len(failed),
        arms=arms,
        allocated=allocated,
        erased=study.slots.filter(erased=True, simulated=study.is_pilot).count(),
        imbalance=imbalance,
        interrupted=people.filter(views__times__gt=1).distinct().count(),
        errors=errors["all"] or 0,
        errors_last_day=errors["day"] or 0,
        endings=ending_counts(study, people),
        sessions=session_counts(study, people),
    )


def _pages(
    study: Study, people: QuerySet[Participant], now: datetime, hidden: frozenset[str]
) -> list[PageCounts]:
    shown = Counter(
        dict(
            PageView.objects.filter(participant__in=people)
            .order_by()
            .values_list("step")
            .annotate(Count("pk"))
        )
    )
    sent = Counter(
        dict(people.order_by().values_list("submissions__step").annotate(Count("submissions")))
    )
    # People who have not completed stay at the page that they were shown first most recently.
    views = PageView.objects.filter(participant=OuterRef("pk"))
    left = people.exclude(state=Participant.State.COMPLETED).annotate(
        at=Subquery(views.order_by("-first_shown_at").values("step")[:1]),
        last=Subquery(views.order_by("-last_shown_at").values("last_shown_at")[:1]),
    )
    stopped = Counter(
        left.filter(state=Participant.State.STOPPED).order_by().values_list("at", flat=True)
    )
    gone = Counter(
        left.filter(state=Participant.State.STARTED, last__lt=now - QUIET)
        .order_by()
        .values_list("at", flat=True)
    )
    names, seconds = page_names(definition(study)), _seconds(people)
    return [
        PageCounts(
            names[step.key],
            shown[step.key],
            sent[step.key],
            stopped[step.key],
            gone[step.key],
            seconds.get(step.key),
        )
        for step in definition(study).steps
        if step.key not in hidden
    ]


def _seconds(people: QuerySet[Participant]) -> dict[str, float]:
    """Return the median seconds on each page by the step's key, of the latest people."""
    # Not of all: the page is fetched every few seconds, and a median needs every number.
    latest = people.order_by("-pk").values("pk")[:TIMED_PEOPLE]
    times: dict[str, list[float]] = defaultdict(list)
    sent = Submission.objects.filter(participant__in=latest, server_seconds__isnull=False)
    for step, seconds in sent.order_by().values_list("step", "server_seconds"):
        times[step].append(float(seconds or 0))
    return {step: median(of_page) for step, of_page in times.items()}


def _durations(people: QuerySet[Participant]) -> Durations | None:
    times = people.filter(state=Participant.State.COMPLETED).order_by()
    minutes = sorted(
        (end - begin).total_seconds() / 60
        for begin, end in times.values_list("consented_at", "finished_at")
        if end is not None
    )
    if len(minutes) < 2:
        return None
    lower, middle, upper = quantiles(minutes, n=4, method="inclusive")
    fast = SPEEDER * median(minutes)
    return Durations(len(minutes), lower, middle, upper, sum(time < fast for time in minutes))


def speeders(people: QuerySet[Participant]) -> QuerySet[Participant]:
    """Return those who completed in less than a third of the median time."""
    durations = _durations(people)
    if durations is None:
        return people.none()
    shortest = timedelta(minutes=SPEEDER * durations.median)
    return people.filter(
        state=Participant.State.COMPLETED, finished_at__lt=F("consented_at") + shortest
    )


def _money(
    study: Study, people: QuerySet[Participant], durations: Durations | None
) -> Money | None:
    """Return the money, or None if the study file declares no pay."""
    declared = definition(study)
    recruitment = declared.recruitment
    if not recruitment.pay:
        return None
    completed = people.filter(state=Participant.State.COMPLETED).count()
    return Money(
        recruitment.currency,
        recruitment.pay,
        recruitment.pay * completed,
        recruitment.pay * declared.allocation.places,
        recruitment.pay * 60 / durations.median if durations and durations.median else None,
    )


def attention_checks(study: Study, people: QuerySet[Participant]) -> tuple[int, set[int]]:
    """Return the number of attention checks sent, and the primary keys of those who failed one.

    There are none while the pages that people see would tell their arms.
    """
    steps = [step for step in definition(study).steps if step.kind == "attention"]
    if not steps or (is_blinded(study) and limited_pages(definition(study))):
        return 0, set()
    wanted = {step.key: expected(study, step) for step in steps}
    answers = Answer.objects.filter(
        submission__participant__in=people, submission__step__in=wanted
    ).values_list("submission__step", "value", "submission__participant")
    given = list(answers)
    return len(given), {person for step, value, person in given if value != wanted[step]}


def _balance(study: Study) -> tuple[int, int, float | None]:
    """Return the numbers of arms and of allocated places, and the largest deviation of an arm from
    its share."""
    arms = study.arms.annotate(
        people=Count("allocationslot", filter=Q(allocationslot__simulated=study.is_pilot))
    ).values_list("key", "people")
    counts = dict(arms)
    allocated = sum(counts.values())
    allocation = definition(study).allocation
    # Quotas are meant to end the balance.
    if not allocated or allocation.quotas:
        return len(counts), allocated, None
    ratios = {key: allocation.ratios.get(key, 1) for key in counts}
    total = sum(ratios.values())
    deviation = max(abs(counts[key] - allocated * ratios[key] / total) for key in counts)
    return len(counts), allocated, deviation
