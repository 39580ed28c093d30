"""Pilots of a draft: twins of the study in which everybody is marked as simulated, for ever."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from studyplatform.models import StudyMember
from studyplatform.panel.toml_edits import Change, edited
from surveys import services
from surveys.models import Participant, Study
from surveys.web import signed_links

LONGEST_SLUG = 50
FASTEST_READER = timedelta(minutes=1)
"""Synthetic people are stored like people who rehearse, and take seconds."""


@dataclass(frozen=True)
class Pilot:
    """A pilot, and how many people have come to it and completed it."""

    study: Study
    people: int
    completed: int


def pilots_of(study: Study) -> list[Pilot]:
    """Return the study's pilots, the latest first."""
    completed = Q(participants__state=Participant.State.COMPLETED)
    counted = study.pilots.annotate(
        people=Count("participants"), completed=Count("participants", filter=completed)
    )
    return [Pilot(row, row.people, row.completed) for row in counted.order_by("-pk")]


def link_path(study: Study) -> str:
    """Return the URL by which people get into the study: a pilot's marks them as simulated."""
    if study.is_pilot:
        return signed_links.rehearsal_path(study)
    return signed_links.landing_path(study)


def running(studies: Sequence[Study]) -> Counter[int]:
    """Return the number of pilots that admit people, by the primary key of the rehearsed study."""
    rows = Study.objects.filter(pilot_of__in=studies, state=Study.State.OPEN).order_by()
    return Counter(dict(rows.values_list("pilot_of").annotate(Count("pk"))))


def was_rehearsed(study: Study) -> bool:
    """Return whether anybody has gone through the whole study or one of its pilots."""
    return _completed(study).exists()


def was_read_through(study: Study) -> bool:
    """Return whether anybody has gone through it in a minute or more, which no program needs."""
    return _completed(study).filter(finished_at__gte=F("consented_at") + FASTEST_READER).exists()


def _completed(study: Study) -> QuerySet[Participant]:
    return Participant.objects.filter(
        Q(study=study) | Q(study__pilot_of=study), state=Participant.State.COMPLETED
    )


def begin(study: Study) -> Study:
    """Begin a pilot, with the members of the study.

    Raises EditError, StudyFileError and StudyError if the study cannot be rehearsed.
    """
    with transaction.atomic():
        source = edited(study.source, [Change(("slug",), _free_slug(study))])
        twin = services.begin_pilot(study=study, source=source)
        StudyMember.objects.bulk_create(
            StudyMember(
                study=twin,
                user=member.user,
                owner=member.owner,
                make_changes=member.make_changes,
                see_data=member.see_data,
            )
            for member in study.members.select_related("user")
        )
    return twin


def _free_slug(study: Study) -> str:
    number = study.pilots.count() + 1
    while True:
        end = "-pilot" if number == 1 else f"-pilot-{number}"
        slug = f"{study.slug[: LONGEST_SLUG - len(end)]}{end}"
        if not Study.objects.filter(slug=slug).exists():
            return slug
        number += 1
