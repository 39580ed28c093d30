"""How long a participant may stay away and still go on."""

from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from surveys.models import Participant
from surveys.study_file.stored import definition


def has_lapsed(participant: Participant) -> bool:
    """Whether the last page shown or sent is longer ago than the study allows.

    Such a participation never comes to life again: nothing that is refused counts as a sign of
    life. What was answered stays.
    """
    hours = definition(participant.study).pages.resume_hours
    if not hours or participant.state != Participant.State.STARTED:
        return False
    shown = participant.views.aggregate(at=Max("last_shown_at"))["at"]
    sent = participant.submissions.aggregate(at=Max("submitted_at"))["at"]
    last: datetime = max(filter(None, (participant.consented_at, shown, sent)))
    return timezone.now() - last > timedelta(hours=hours)
