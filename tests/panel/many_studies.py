"""A server that has grown: many studies, and many participants in one of them."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from studyplatform.models import StudyMember
from surveys.models import Answer, PageView, Participant, Study, Submission
from surveys.pages import sequence
from tests.panel.conftest import SWITCHES

LARGEST = 2_000
"""Participants of the largest study, each with a view and an answer of every page."""


def grow(study: Study, member: User, *, studies: int, people: int) -> None:
    """Add studies like this one, whose owner is ``member``, until there are ``studies``.

    The study itself gets up to LARGEST participants who have answered every page. The others get
    participants alone, until there are ``people`` in all.
    """
    others = [_copy(study, number) for number in range(studies - Study.objects.count())]
    StudyMember.objects.bulk_create(
        StudyMember(study=other, user=member, **SWITCHES["owner"]) for other in others
    )
    in_all = people - Participant.objects.count()
    largest = min(LARGEST, in_all)
    _answer(study, _people(study, largest))
    each = (in_all - largest) // max(len(others), 1)
    for other in others:
        _people(other, each)


def _copy(study: Study, number: int) -> Study:
    conditions, arms = list(study.conditions.all()), list(study.arms.all())
    copy = Study.objects.get(pk=study.pk)
    copy.pk = None
    copy.slug = f"study-{number}"
    copy.save(force_insert=True)
    for row in (*conditions, *arms):
        row.pk, row.study = None, copy
        row.save(force_insert=True)
    return copy


def _people(study: Study, count: int) -> list[Participant]:
    begun = timezone.now() - timedelta(days=2)
    return Participant.objects.bulk_create(
        Participant(
            study=study,
            arrival_key=f"{study.slug}-{number}",
            personal_code=f"{study.pk}-{number}",
            state=("completed", "completed", "completed", "stopped", "started")[number % 5],
            consent_version="1",
            consent_sha256="0" * 64,
            consented_at=begun + timedelta(seconds=number),
            finished_at=begun + timedelta(seconds=number + 300 + number % 97),
            completion_code=f"{number:08}",
        )
        for number in range(count)
    )


def _answer(study: Study, people: list[Participant]) -> None:
    pages = sequence.steps(study)
    for step in pages:
        PageView.objects.bulk_create(
            PageView(
                participant=person,
                step=step.key,
                first_shown_at=person.consented_at,
                last_shown_at=person.consented_at,
            )
            for person in people
        )
        submissions = Submission.objects.bulk_create(
            Submission(
                participant=person,
                step=step.key,
                block=step.block,
                submitted_at=person.consented_at,
                response_time_ms=1_000,
                item_order=["1"],
            )
            for person in people
        )
        Answer.objects.bulk_create(
            Answer(submission=submission, questionnaire=step.questionnaire, item="1", value="1")
            for submission in submissions
        )
