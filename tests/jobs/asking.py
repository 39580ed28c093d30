"""Questions on the database of a platform whose workers are other processes, a line of JSON each.

python -m tests.jobs.asking    reads a question from each line, and prints a line with its answer
"""

import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402

from studyplatform.jobs import queue  # noqa: E402
from studyplatform.models import Job  # noqa: E402
from surveys.models import Participant, Study  # noqa: E402
from tests.migrated import migrate  # noqa: E402
from tests.surveys.drawn import drawn_study  # noqa: E402


def prepare() -> bool:
    migrate()
    drawn_study(Path(tempfile.mkdtemp()), places=1000)
    return True


def enqueue(number: int, seed: int) -> int:
    data = {"number": number, "profile": "null", "seed": seed}
    job, _ = queue.enqueue("simulation", study=Study.objects.get(), data=data, by=None)
    return job.pk


def look(job: int) -> dict:
    row = Job.objects.get(pk=job)
    people = Participant.objects.filter(simulated=True)
    return {
        **{name: getattr(row, name) for name in ("state", "attempts", "token", "done", "log")},
        "people": people.count(),
        "in_checkpoint": len(row.checkpoint.get("ends", [])),
    }


def cancel(job: int) -> bool:
    user, _ = User.objects.get_or_create(username="ada")
    queue.cancel(Job.objects.get(pk=job), user)
    return True


def expire(job: int) -> bool:
    past = timezone.now() - timedelta(seconds=1)
    return Job.objects.filter(pk=job, state="running").update(lease_until=past) == 1


ANSWERS = {one.__name__: one for one in (prepare, enqueue, look, cancel, expire)}


def main() -> None:
    for line in sys.stdin:
        ((question, arguments),) = json.loads(line).items()
        print(json.dumps(ANSWERS[question](*arguments)))


main()
