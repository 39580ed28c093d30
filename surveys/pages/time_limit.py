"""The time limit of a trial by the server's clock, because the page's script cannot be relied on
and starts again with every reload.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from surveys.models import PageView, Participant
from surveys.pages.browser_timings import Timings
from surveys.pages.kinds.trial import part_of
from surveys.pages.pace import limit_seconds
from surveys.study_file.step import Step

GRACE = timedelta(seconds=5)
"""How much later than its limit a page without measurements may arrive: loading and sending take
time, too."""


def limit_of(participant: Participant, step: Step, extensions: int = 0) -> timedelta | None:
    """Return the time for the page, or None without a limit. Each extension adds the whole limit
    once more.
    """
    if step.kind != "trial":
        return None
    seconds = limit_seconds(participant, step)
    return timedelta(seconds=seconds * (1 + extensions)) if seconds else None


def extensions_left(participant: Participant, step: Step, view: PageView) -> int:
    """Return how often the participant can still ask for more time on the page."""
    return max(0, part_of(participant, step).limit_extensions - view.extensions)


def remaining(
    participant: Participant, step: Step, view: PageView, now: datetime
) -> timedelta | None:
    """Return the time that is left for the page, or None without a limit.

    When the page is shown for the first time, the whole limit is left, counted by the script from
    the moment at which the pictures are painted.
    """
    limit = limit_of(participant, step, view.extensions)
    if limit is None:
        return None
    if view.times == 1 and not view.extensions and now - view.first_shown_at < GRACE:
        return limit
    return max(timedelta(0), limit - (now - view.first_shown_at))


def timed_out(participant: Participant, step: Step, timings: Timings | None) -> bool:
    """Return whether the page's time was up when it came, so that it may lack answers.

    The script's claim counts only if the limit has really elapsed since the page was first shown.
    Without a script, the server's clock alone decides.
    """
    if limit_of(participant, step) is None or (timings is not None and not timings.timed_out):
        return False
    view = PageView.objects.filter(participant=participant, step=step.key).first()
    limit = limit_of(participant, step, view.extensions) if view else None
    if view is None or limit is None:
        return False
    elapsed = timezone.now() - view.first_shown_at
    return elapsed >= (limit if timings is not None else limit + GRACE)
