"""Counts participants' pages that fail at the server, so that researchers learn of it.

Only the study and the hour are stored: neither the person, nor the page, nor the error.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import Error, IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from studyplatform.models import PageErrors
from surveys.models import Participant, Study

PARTICIPANTS_PAGES = "surveys.web."
"""Beginning of the modules with the views of participants' pages."""

log = logging.getLogger(__name__)


class PageErrorsMiddleware:
    """Counts each response with a status of 500 or more to a participant."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code >= 500:
            try:
                count(request)
            except Error:  # the database may be what has failed
                log.warning("A failed page of a participant could not be counted.")
        return response


def count(request: HttpRequest) -> None:
    """Count a failed page, if it belongs to a study."""
    match = request.resolver_match
    if match is None or not match.func.__module__.startswith(PARTICIPANTS_PAGES):
        return
    study = _study(match.kwargs.get("slug", ""), match.kwargs.get("code", ""))
    if study is not None:
        _add(study, timezone.now().replace(minute=0, second=0, microsecond=0))


def _study(slug: str, code: str) -> int | None:
    if slug:
        return Study.objects.filter(slug=slug).values_list("pk", flat=True).first()
    return Participant.objects.filter(code=code).values_list("study", flat=True).first()


def _add(study: int, hour: datetime) -> None:
    counted = PageErrors.objects.filter(study=study, hour=hour)
    if counted.update(count=F("count") + 1):
        return
    try:
        with transaction.atomic():
            PageErrors.objects.create(study_id=study, hour=hour, count=1)
    except IntegrityError:  # another process was faster
        counted.update(count=F("count") + 1)
