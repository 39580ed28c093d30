"""The time limit of a trial by the server's clock, because the page's script cannot be relied
on.
"""

from datetime import timedelta

from django.utils import timezone

from surveys.models import PageView, Participant
from surveys.pages.browser_timings import Timings
from surveys.pages.kinds.trial import part_of
from surveys.study_file.step import Step


def timed_out(participant: Participant, step: Step, timings: Timings | None) -> bool:
    """Return whether the page sent itself at the time limit and may therefore lack answers.

    The client's claim counts only if the limit has really elapsed since the page was first shown.
    """
    if timings is None or not timings.timed_out or step.kind != "trial":
        return False
    limit = timedelta(seconds=part_of(participant, step).limit_seconds)
    shown = PageView.objects.filter(participant=participant, step=step.key).first()
    return bool(limit) and shown is not None and timezone.now() - shown.first_shown_at >= limit
