"""The files of results after somebody was erased: whatever lists people is deleted.

Reports keep their page, numbers and figures, which tell nothing about single people, unless the
study file says ``delete_copies``.
"""

from functools import partial
from pathlib import PurePosixPath
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete

from studyplatform.jobs import queue
from studyplatform.jobs.folders import remove_files
from studyplatform.jobs.kinds import KINDS
from studyplatform.models import Job
from surveys.models import Participant
from surveys.study_file.stored import definition

WITHOUT_PEOPLE = frozenset((".html", ".pdf", ".svg", ".png"))
NUMBERS = frozenset(("results.json", "results.schema.json"))
OF_DATA = tuple(kind.key for kind in KINDS if kind.shows_data)


def connect() -> None:
    """Have the files deleted whenever a participant is, in whatever way."""
    post_delete.connect(_erased, sender=Participant, dispatch_uid="results-after-erasure")


def _erased(sender: type[Participant], instance: Participant, **_: Any) -> None:
    # Simulated people are nobody. After the commit, as an erasure may still be rolled back.
    if not instance.simulated:
        transaction.on_commit(partial(forget_people, instance.study_id))


def forget_people(study: int) -> None:
    """Delete all files with rows of people from the results of the study, and begin jobs that have
    read the data already anew."""
    queue.begin_anew(study, OF_DATA)
    done = Job.objects.filter(study=study, kind__in=OF_DATA, state=Job.State.DONE)
    for job in done.select_related("study"):
        everything = job.study is not None and definition(job.study).retention.delete_copies
        kept = [file for file in job.files if not everything and _tells_of_nobody(file["name"])]
        if len(kept) < len(job.files):
            gone = {file["name"] for file in job.files} - {file["name"] for file in kept}
            queue.drop_files(job, kept)
            remove_files(job.pk, (job.result or {})["token"], gone)


def _tells_of_nobody(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix in WITHOUT_PEOPLE or name in NUMBERS
