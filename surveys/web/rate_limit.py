"""Rate limit for new participants, so that a script cannot fill the study."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from surveys.models import Study


def too_many(study: Study) -> bool:
    """Return whether the limit settings.ARRIVALS_PER_MINUTE was reached within the last minute.

    The limit is shared by everyone: a laboratory's 30 seats have one address, and a script can have
    a thousand, so addresses are not used.
    """
    since = timezone.now() - timedelta(minutes=1)
    recent = study.participants.filter(simulated=False, consented_at__gt=since)
    return recent.count() >= settings.ARRIVALS_PER_MINUTE
