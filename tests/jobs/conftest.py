"""A study, somebody who starts jobs, and ways to let time pass and to do a job in this process."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from studyplatform.jobs import queue
from studyplatform.jobs.attempt import attempt
from studyplatform.jobs.work import Told
from studyplatform.models import Job
from surveys.models import Study
from tests.postgres import postgres
from tests.surveys import factories

__all__ = ["postgres"]  # a fixture that starts a server

EVERY_KIND = (
    "maps", "folder", "classifier", "evaluation", "power", "simulation", "look", "export",
    "report", "release",
)  # fmt: skip
MAPS = {"layers": False, "verify": 0}


@pytest.fixture
def study(db, tmp_path) -> Study:
    """Open, with four arms and nobody in them."""
    return factories.small_study(tmp_path)


@pytest.fixture
def researcher(db) -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def enqueue(study, researcher):
    """Queues a job of the study, by default one of maps."""

    def added(kind: str = "maps", **data: object) -> Job:
        job, _ = queue.enqueue(kind, study=study, data=data or MAPS, by=researcher)
        return job

    return added


def let_lease_expire(job: Job) -> None:
    """As if the worker had been silent for longer than its lease."""
    past = timezone.now() - timedelta(seconds=1)
    assert Job.objects.filter(pk=job.pk, state="running").update(lease_until=past) == 1


def do_next(kinds=EVERY_KIND) -> tuple[Job, list[Told]]:
    """What a worker and its process do, in this process: the job as it ended, and what it told."""
    lease = queue.claim("this test", kinds)
    assert lease is not None, "no job waits"
    told: list[Told] = []
    ending = attempt(lease, told.append)
    match type(ending).__name__:
        case "Succeeded":
            queue.finish(lease, ending.result)
        case "Failed":
            queue.fail(lease, ending.error, ending.cure)
    return Job.objects.get(pk=lease.job), told
