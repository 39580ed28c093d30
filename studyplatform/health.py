"""A health check for monitoring."""

import shutil

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

LEAST_FREE = 200_000_000  # bytes: below, the database may soon be unable to store an answer


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Return 200 and "ok", or 503 and a line per problem. Neither mentions studies."""
    problems = [*_database(), *_disk()]
    text = "\n".join(problems) or "ok"
    return HttpResponse(f"{text}\n", status=503 if problems else 200, content_type="text/plain")


def _database() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM surveys_study LIMIT 1")
    except DatabaseError:
        return ["The database does not answer or is not migrated."]
    return []


def _disk() -> list[str]:
    try:
        free = shutil.disk_usage(settings.DATA_DIR).free
    except OSError:
        return ["The data folder is missing."]
    if free >= LEAST_FREE:
        return []
    return [f"The data folder's disk has {free // 1_000_000} MB left."]
