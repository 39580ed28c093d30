"""What happens around every request: an id, a line in the log, the metrics, and the deadline."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from studyplatform import metrics, request_id
from studyplatform.bodies import FILES
from studyplatform.deadlines import DeadlineError, deadline
from studyplatform.json_log import event

log = logging.getLogger(__name__)


class RequestMiddleware:
    """Gives each request an id, logs it as an event, counts it, and cuts it at its limit.

    The line names the view, and neither path nor query: those can lead to a person.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        watch = metrics.Stopwatch()
        token = request_id.set_current(request_id.new())
        try:
            with (
                connection.execute_wrapper(_count_errors),
                deadline(connection, _limit(request)) as limit,
            ):
                request.deadline = limit  # type: ignore[attr-defined]
                response = self.get_response(request)
            response["X-Request-ID"] = request_id.current()
            self._tell(request, response, watch.seconds)
        finally:
            request_id.reset(token)
        return response

    def _tell(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        view = name_of(request)
        metrics.count(view, request.method or "", response.status_code, seconds)
        fields: dict[str, str | int | float] = {
            "view": view,
            "method": request.method or "",
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
        }
        event(log, "request", fields)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page that says that it took too long, or None for any other error."""
        if not isinstance(error, DeadlineError):
            return None
        request.deadline.lift()  # type: ignore[attr-defined]
        event(log, "deadline", {"view": name_of(request), "limit_seconds": _limit(request)})
        context = {"in_panel": request.path.startswith("/panel/")}
        response = render(request, "too_long.html", context, status=503)
        response["Retry-After"] = "30"
        return response


def name_of(request: HttpRequest) -> str:
    """Return the name of the request's view, or "unknown" for an address without one."""
    match = request.resolver_match
    return (match.view_name or "unnamed") if match else "unknown"


def _limit(request: HttpRequest) -> int:
    """Return the seconds that the request may take. An upload needs time to arrive."""
    uploads = request.content_type == FILES
    seconds: int = settings.UPLOAD_SECONDS if uploads else settings.REQUEST_SECONDS
    return seconds


def _count_errors(
    run: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any
) -> Any:
    try:
        return run(sql, parameters, many, context)
    except (OperationalError, InterfaceError) as error:
        metrics.DATABASE_ERRORS.labels(type(error).__name__).inc()
        raise
