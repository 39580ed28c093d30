"""Acts that change a study or hand out its data, announced to an audit in the same transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.dispatch import Signal

from surveys.models import Study

acted = Signal()
"""Sent with ``study``, ``act``, ``before`` and ``after``, which hold settings and counts, and never
answers, identifiers or free texts of participants, and with ``scheduled``, which tells whether the
study acted by itself."""
_scheduled: ContextVar[bool] = ContextVar("scheduled", default=False)


@contextmanager
def by_schedule() -> Iterator[None]:
    """Announce the acts within as those of the study's schedule, whoever triggered them."""
    token = _scheduled.set(True)
    try:
        yield
    finally:
        _scheduled.reset(token)


def announce(
    study: Study,
    act: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Announce that the act has been carried out on the study."""
    acted.send(
        sender=Study,
        study=study,
        act=act,
        before=before or {},
        after=after or {},
        scheduled=_scheduled.get(),
    )
