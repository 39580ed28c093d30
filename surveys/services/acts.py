"""Acts that change a study or hand out its data, announced to an audit in the same transaction."""

from collections.abc import Mapping
from typing import Any

from django.dispatch import Signal

from surveys.models import Study

acted = Signal()
"""Sent with ``study``, ``act``, ``before`` and ``after``, which hold settings and counts, and never
answers, identifiers or free texts of participants."""


def announce(
    study: Study,
    act: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Announce that the act has been carried out on the study."""
    acted.send(sender=Study, study=study, act=act, before=before or {}, after=after or {})
