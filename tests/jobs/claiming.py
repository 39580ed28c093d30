"""Workers of several processes that claim the same jobs at once, against the database of
DATABASE_URL.

    python -m tests.jobs.claiming JOBS WORKERS

Prints one line of JSON: how often each job was taken, with the queue's condition ("guarded") and
without it ("unguarded", the control).
"""

import json
import os
import sys
import time

import django

django.setup()

from django.utils import timezone  # noqa: E402

from studyplatform.jobs import queue  # noqa: E402
from studyplatform.models import Job  # noqa: E402
from tests.migrated import migrate  # noqa: E402

WINDOW = 0.003  # seconds between seeing a job and taking it
JOBS, WORKERS = (int(argument) for argument in sys.argv[1:])
take = queue._take


def slowly(as_seen, job, holder):
    time.sleep(WINDOW)
    return take(as_seen, job, holder)


def without_condition(as_seen, job, holder):
    time.sleep(WINDOW)
    return take(Job.objects.filter(pk=job.pk), job, holder)


def work(name: str) -> list[int]:
    taken = []
    while (lease := queue.claim(name, ("maps",))) is not None:
        taken.append(lease.job)
    return taken


def at_once(how) -> dict[str, int]:
    """How often each job was taken when all workers claimed at once."""
    queue._take = how
    Job.objects.all().delete()
    Job.objects.bulk_create(
        Job(kind="maps", request_sha256=str(number), queued_at=timezone.now(), max_attempts=99)
        for number in range(JOBS)
    )
    django.db.connections.close_all()
    pipes = []
    for number in range(WORKERS):
        receive, send = os.pipe()
        if os.fork() == 0:
            os.close(receive)
            os.write(send, json.dumps(work(f"worker {number}")).encode())
            os._exit(0)
        os.close(send)
        pipes.append(receive)
    counts: dict[str, int] = {}
    for receive in pipes:
        with os.fdopen(receive, "rb") as pipe:
            for job in json.loads(pipe.read() or b"[]"):
                counts[str(job)] = counts.get(str(job), 0) + 1
        os.wait()
    return counts


migrate()
print(json.dumps({"guarded": at_once(slowly), "unguarded": at_once(without_condition)}))
