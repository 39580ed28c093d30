"""The lapse of a participation whose participant stayed away too long."""

from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from surveys.models import Participant
from surveys.study_file.stored import definition


def has_lapsed(participant: Participant) -> bool:
    """Return whether the last page shown or sent is longer ago than the study allows.

    A lapsed participation cannot be revived: a refused page does not count as activity. Earlier
    answers are kept.
    """
    hours = definition(participant.study).pages.resume_hours
    if not hours or participant.state != Participant.State.STARTED:
        return False
    shown = participant.views.aggregate(at=Max("last_shown_at"))["at"]
    sent = participant.submissions.aggregate(at=Max("submitted_at"))["at"]
    last: datetime = max(filter(None, (participant.consented_at, shown, sent)))
    return timezone.now() - last > timedelta(hours=hours)
