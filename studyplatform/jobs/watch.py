"""What the worker looks after besides its jobs, once a minute: schedules, e-mails to owners, and
hashes whose date has passed.
"""

import logging
import time

from django.db import Error

from studyplatform.jobs.alerts import send_alerts
from surveys import services
from surveys.models import Study, StudySchedule

SECONDS_BETWEEN = 60.0

log = logging.getLogger(__name__)


class Watch:
    """The worker's watch over all studies. A failure is logged, and never ends the worker."""

    def __init__(self) -> None:
        self._looked = float("-inf")

    def look(self) -> None:
        """Look at all studies if the last look was long enough ago."""
        if time.monotonic() - self._looked < SECONDS_BETWEEN:
            return
        self._looked = time.monotonic()
        try:
            apply_schedules()
            services.forget_remembered()
            send_alerts()
        except Error:  # a locked database: the next look comes soon
            log.warning("The studies could not be looked after.", exc_info=True)


def apply_schedules() -> None:
    """Carry out what is due in any study."""
    for schedule in StudySchedule.objects.exclude(study__state=Study.State.CLOSED).select_related(
        "study"
    ):
        if services.is_due(schedule):
            services.apply_schedule(schedule.study)
