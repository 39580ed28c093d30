"""Rate limit for new participants, so that a script cannot fill the study."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from surveys.models import Study


def too_many(study: Study) -> bool:
    """Return whether the limit settings.ARRIVALS_PER_MINUTE was reached within the last minute.

    The limit is shared by everyone. IP addresses are not used, because the 30 seats of a laboratory
    share one and a script can have a thousand.
    """
    since = timezone.now() - timedelta(minutes=1)
    recent = study.participants.filter(simulated=False, consented_at__gt=since)
    return recent.count() >= settings.ARRIVALS_PER_MINUTE
