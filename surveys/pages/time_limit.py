"""The time limit of a trial, by the server's clock: what the page's script says is not enough."""

from datetime import timedelta

from django.utils import timezone

from surveys.models import PageView, Participant
from surveys.pages.browser_timings import Timings
from surveys.pages.kinds.trial import part_of
from surveys.study_file.step import Step


def timed_out(participant: Participant, step: Step, timings: Timings | None) -> bool:
    """Whether the page sent itself when its time was up, and may therefore lack answers.

    Who claims so before the trial's limit has passed since the page was first shown has no limit
    behind them.
    """
    if timings is None or not timings.timed_out or step.kind != "trial":
        return False
    limit = timedelta(seconds=part_of(participant, step).limit_seconds)
    shown = PageView.objects.filter(participant=participant, step=step.key).first()
    return bool(limit) and shown is not None and timezone.now() - shown.first_shown_at >= limit
