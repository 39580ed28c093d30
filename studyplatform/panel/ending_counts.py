"""How many people a study's endings ended, and how far its later sessions are, over all arms."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from surveys.blinding import is_blinded, limited_pages
from surveys.models import FollowUp, Participant, Study
from surveys.study_file.branching import parts_asking
from surveys.study_file.declaration import StudyFile
from surveys.study_file.endings import Ending
from surveys.study_file.stored import definition


@dataclass(frozen=True)
class EndingCount:
    """An ending and the people who came to it, of whom ``with_place`` had an arm.

    Both are None while they would tell how many people an arm has.
    """

    heading: str
    people: int | None
    with_place: int | None


@dataclass(frozen=True)
class SessionCount:
    """A later session, and how many people are at which point of it.

    Everybody who completed the study is ``invited``. ``waiting`` people cannot begin yet,
    ``open`` ones can and have not, ``begun`` ones are under way, and ``missed`` ones let its time
    pass, some of them after a beginning.
    """

    key: str
    heading: str
    invited: int
    waiting: int
    open: int
    begun: int
    completed: int
    stopped: int
    missed: int


def ending_counts(study: Study, people: QuerySet[Participant]) -> tuple[EndingCount, ...]:
    """Count the people at each ending of the study file, in at most one query."""
    declared = definition(study)
    if not declared.endings:
        return ()
    rows = (
        people.filter(state=Participant.State.ENDED)
        .order_by()
        .values_list("ending")
        .annotate(Count("pk"), Count("arm"))
    )
    counts = {ending: (number, with_arm) for ending, number, with_arm in rows}
    hidden = frozenset(limited_pages(declared)) if is_blinded(study) else frozenset[str]()
    return tuple(
        EndingCount(ending.heading, None, None)
        if _leads_from(declared, ending, hidden)
        else EndingCount(ending.heading, *counts.get(ending.key, (0, 0)))
        for ending in declared.endings
    )


def session_counts(study: Study, people: QuerySet[Participant]) -> tuple[SessionCount, ...]:
    """Count the people at each later session of the study file, in at most one query."""
    sessions = definition(study).sessions
    if not sessions:
        return ()
    now = timezone.now()
    over = Q(completed_at__isnull=False) | Q(stopped=True)
    before, after = Q(opens_at__gt=now), Q(closes_at__lte=now)
    has_begun = Q(begun_at__isnull=False)
    # The same states as services.sessions.state_of, counted by the database.
    states = {
        "completed": Q(completed_at__isnull=False),
        "stopped": Q(completed_at__isnull=True, stopped=True),
        "waiting": ~over & before,
        "missed": ~over & ~before & after,
        "begun": ~over & ~before & ~after & has_begun,
        "open": ~over & ~before & ~after & ~has_begun,
    }
    rows = (
        FollowUp.objects.filter(participant__in=people)
        .order_by()
        .values("session")
        .annotate(
            invited=Count("pk"),
            **{f"are_{name}": Count("pk", filter=which) for name, which in states.items()},
        )
    )
    by_key = {row["session"]: Counter(row) for row in rows}
    return tuple(
        SessionCount(
            session.key,
            session.heading,
            invited=counts["invited"],
            **{name: counts[f"are_{name}"] for name in states},
        )
        for session in sessions
        for counts in (by_key.get(session.key, Counter[str]()),)
    )


def _leads_from(study: StudyFile, ending: Ending, pages: Iterable[str]) -> bool:
    """Return whether one of the pages can lead to the ending."""
    hidden = set(pages)
    asking = {part.key for rule in ending.when for part in parts_asking(study, rule.item)}
    kinds = {"attention": ending.failed_attention, "quiz": ending.failed_quizzes}
    return any(
        step.key in hidden and (step.part in asking or bool(kinds.get(step.kind)))
        for step in study.steps
    )
