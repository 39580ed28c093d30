"""Scheduled start, end and stop of a study, applied when somebody comes and by the worker."""

from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from surveys.models import Participant, Study, StudySchedule
from surveys.services.acts import announce, by_schedule
from surveys.services.errors import StudyError
from surveys.services.locking import lock
from surveys.services.studies import close_study, open_study, pause_study


@transaction.atomic
def set_schedule(
    *,
    study: Study,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    stop_at: int | None = None,
) -> None:
    """Replace the study's schedule. None means that the act is not scheduled.

    A start makes a study that is launched later wait until then, and ends a pause. Raises
    StudyError for times that have passed, for an end before the start, for a start of a study that
    admits people now, and for a study whose collection has ended.
    """
    locked, now = lock(study), timezone.now()
    if locked.state == Study.State.CLOSED:
        raise StudyError(gettext("Collection has ended, so nothing can be scheduled."))
    passed = (
        (starts_at, gettext("The start, %(time)s, has passed. Choose a later time.")),
        (ends_at, gettext("The end, %(time)s, has passed. Choose a later time.")),
    )
    for at, sentence in passed:
        if at is not None and at <= now:
            raise StudyError(sentence % {"time": f"{at:%Y-%m-%d %H:%M %Z}"})
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise StudyError(gettext("The end is not after the start. Choose a later end."))
    if starts_at is not None and locked.state == Study.State.OPEN:
        raise StudyError(gettext("The study admits people already. Pause it to schedule a start."))
    schedule, _ = StudySchedule.objects.get_or_create(study=study)
    before = _in_words(schedule)
    schedule.starts_at, schedule.ends_at, schedule.stop_at = starts_at, ends_at, stop_at
    schedule.save()
    if (after := _in_words(schedule)) != before:
        announce(locked, "schedule set", before, after)


def is_due(schedule: StudySchedule) -> bool:
    """Return whether an act may be due, which needs no lock. Only a stop needs a query."""
    now = timezone.now()
    return any(at is not None and at <= now for at in (schedule.starts_at, schedule.ends_at)) or (
        schedule.stop_at is not None
        and schedule.study.state == Study.State.OPEN
        and _completed(schedule.study) >= schedule.stop_at
    )


@transaction.atomic
def apply_schedule(study: Study) -> None:
    """Carry out what is due, once however many notice it. The given study gets the new state."""
    study.state = lock(study).state
    schedule = StudySchedule.objects.filter(study=study).first()
    if schedule is None:
        return
    now = timezone.now()
    with by_schedule():
        if schedule.starts_at is not None and schedule.starts_at <= now:
            schedule.starts_at = None
            if study.state == Study.State.PAUSED:
                _start(study)
        if (
            schedule.stop_at is not None
            and study.state == Study.State.OPEN
            and _completed(study) >= schedule.stop_at
        ):
            # Emptied, so that a person who resumes the study is not stopped at once.
            schedule.stop_at = None
            pause_study(study=study)
        if schedule.ends_at is not None and schedule.ends_at <= now:
            schedule.ends_at = None
            if study.state in (Study.State.OPEN, Study.State.PAUSED):
                close_study(study=study)
    schedule.save()


def _start(study: Study) -> None:
    try:
        with transaction.atomic():
            open_study(study=study, although_unblinded=True)
    except StudyError:
        # Such as maps that were lost: the checklist of the launch names them.
        announce(study, "start failed", {}, {"state": study.state})
        study.refresh_from_db(fields=["state"])


def _completed(study: Study) -> int:
    people = study.participants.filter(simulated=False)
    return people.filter(state=Participant.State.COMPLETED).count()


def _in_words(schedule: StudySchedule) -> dict[str, str | int]:
    words: dict[str, str | int] = {
        name: at.astimezone(UTC).isoformat(timespec="minutes")
        for name, at in (("starts_at", schedule.starts_at), ("ends_at", schedule.ends_at))
        if at is not None
    }
    if schedule.stop_at is not None:
        words["stop_at"] = schedule.stop_at
    return words
