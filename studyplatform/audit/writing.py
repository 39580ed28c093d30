"""Entries of the audit, written in the transaction of the act."""

import getpass
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from studyplatform.json_log import event
from studyplatform.models import AuditEntry
from surveys.models import Study

log = logging.getLogger(__name__)
_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)
_actor_set: ContextVar[tuple[AuditEntry.Way, str] | None] = ContextVar("actor", default=None)


class AuditMiddleware:
    """Remembers the request, so that an act within it can be attributed to its user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


@contextmanager
def acting_for(name: str, way: AuditEntry.Way = AuditEntry.Way.PANEL) -> Iterator[None]:
    """Attribute the acts within to the user of this name, as a job does."""
    token = _actor_set.set((way, name))
    try:
        yield
    finally:
        _actor_set.reset(token)


def record(
    study: Study, act: str, before: Mapping[str, Any] | None = None, after: Any = None
) -> None:
    """Write that the current user, or the command's, carried out the act."""
    _write(study.slug, act, before, after)


def record_for_all(act: str, after: Mapping[str, Any]) -> None:
    """Write that somebody carried out an act that concerns every study of the installation."""
    _write("", act, None, after)


def on_act(
    sender: object,
    study: Study,
    act: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    scheduled: bool = False,
    **more: object,
) -> None:
    """Write an act that the services announce."""
    if scheduled:
        with acting_for("", AuditEntry.Way.SCHEDULE):
            record(study, act, before, after)
    else:
        record(study, act, before, after)


def actor_name() -> str:
    """Return the name of whoever acts now, as the audit would record it."""
    return _actor()[1]


def _write(study: str, act: str, before: Mapping[str, Any] | None, after: Any) -> None:
    way, who = _actor()
    AuditEntry.objects.create(
        study=study, way=way, who=who, act=act, before=before or {}, after=after or {}
    )
    # Without the name, which is in the audit: logs are kept and read elsewhere.
    event(log, "act", {"act": act, "study": study, "way": way.value})


def _actor() -> tuple[AuditEntry.Way, str]:
    if (actor := _actor_set.get()) is not None:
        return actor
    request = _request.get()
    if request is None:
        return AuditEntry.Way.COMMAND, _operating_system_user()
    user = getattr(request, "user", None)
    if isinstance(user, User):
        return AuditEntry.Way.PANEL, user.get_username()
    # Participants erase their own data on their own pages, and nobody knows their names.
    return AuditEntry.Way.PARTICIPANT, ""


def _operating_system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return ""
