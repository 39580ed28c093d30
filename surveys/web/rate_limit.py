"""A budget of arrivals: a program that begins a study over and over must not use up its places."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from surveys.models import Study


def too_many(study: Study) -> bool:
    """Whether as many people began within the last minute as settings.ARRIVALS_PER_MINUTE allows.

    One budget for all: a laboratory's 30 seats come from one address, and a program can come from
    a thousand, so addresses tell nothing and are not looked at.
    """
    since = timezone.now() - timedelta(minutes=1)
    recent = study.participants.filter(simulated=False, consented_at__gt=since)
    return recent.count() >= settings.ARRIVALS_PER_MINUTE
