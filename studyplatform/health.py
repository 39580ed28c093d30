"""A health check for monitoring."""

import shutil

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from studyplatform.metrics import queue_age

LEAST_FREE = 200_000_000  # bytes: below, the database may soon be unable to store an answer

LONGEST_WAIT = 900
"""Seconds for which a job may wait while others are done."""


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Return 200 and "ok", or 503 and a line per problem. Neither mentions studies.

    Jobs that wait for too long are a problem only with ``?queue=1``: pages are served nevertheless,
    so that a load balancer must not take the server out. Otherwise a second line says it.
    """
    problems = [*_database(), *_disk()]
    waiting = [] if problems else _queue()
    if request.GET.get("queue") == "1":
        problems += waiting
    text = "\n".join(problems or ["ok", *waiting])
    return HttpResponse(f"{text}\n", status=503 if problems else 200, content_type="text/plain")


def _database() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM surveys_study LIMIT 1")
    except DatabaseError:
        return ["The database does not answer or is not migrated."]
    return []


def _queue() -> list[str]:
    age = queue_age()
    if age < LONGEST_WAIT:
        return []
    return [f"The oldest job has waited for {age // 60:.0f} minutes. Does a worker run?"]


def _disk() -> list[str]:
    try:
        free = shutil.disk_usage(settings.DATA_DIR).free
    except OSError:
        return ["The data folder is missing."]
    if free >= LEAST_FREE:
        return []
    return [f"The data folder's disk has {free // 1_000_000} MB left."]
