"""The lapse of a participation whose participant stayed away too long."""

from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from surveys.models import PageView, Participant, Submission
from surveys.models.prepared_query import PreparedQuery
from surveys.study_file.stored import definition

_LAST_SHOWN = PreparedQuery(
    lambda person: (
        PageView.objects.order_by()
        .filter(participant=person)
        .values("participant")
        .annotate(at=Max("last_shown_at"))
        .values_list("at")
    ),
    int,
)
_LAST_SENT = PreparedQuery(
    lambda person: (
        Submission.objects.order_by()
        .filter(participant=person)
        .values("participant")
        .annotate(at=Max("submitted_at"))
        .values_list("at")
    ),
    int,
)


def has_lapsed(participant: Participant) -> bool:
    """Return whether the last page shown or sent is longer ago than the study allows.

    A lapsed participation cannot be revived: a refused page does not count as activity. Earlier
    answers are kept.
    """
    hours = definition(participant.study).pages.resume_hours
    if not hours or participant.state != Participant.State.STARTED:
        return False
    seen = (at for (at,) in (*_LAST_SHOWN(participant.pk), *_LAST_SENT(participant.pk)))
    last: datetime = max((participant.consented_at, *seen))
    return timezone.now() - last > timedelta(hours=hours)
