"""Every write to the table of jobs, each in one transaction.

Time is the database's own throughout, so that a worker whose clock is wrong neither takes a job
that another still does, nor keeps one too long.
"""

import hashlib
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Concat, Now
from django.utils import timezone
from django.utils.translation import get_language, gettext, override

from studyplatform.audit.writing import acting_for
from studyplatform.jobs.kinds import BY_KEY, checked_arguments
from studyplatform.jobs.lease import Lease, LostLeaseError
from studyplatform.json_log import event
from studyplatform.models import Job
from surveys.models import DataCopy, Study
from surveys.services.acts import announce
from surveys.services.copies import note_job

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
RENEWED_EVERY = timedelta(seconds=10)
LOOKED_BACK = 5
"""Earlier jobs that tell how long a job of a steady kind takes."""
UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)
WITHOUT_HOLDER: dict[str, Any] = {"holder": "", "lease_until": None}
NO_PROGRESS: dict[str, Any] = {
    "done": 0,
    "total": None,
    "unit": "",
    "step": "",
    "expected_at": None,
}


class QueueError(ValueError):
    """A wish about a job that cannot be granted. The message says why and what to do."""


def enqueue(
    kind: str, *, study: Study | None, data: Mapping[str, Any], by: User | None
) -> tuple[Job, bool]:
    """Put a job in the queue, and return it and whether it is new.

    An equal request that is not finished yet is returned instead of a second job, so that a double
    click does the work once. ``data`` are the fields of the kind's form. Raises ArgumentsError.
    """
    arguments = checked_arguments(kind, study, data)
    request = _request_hash(kind, study, arguments)
    unfinished = Job.objects.filter(request_sha256=request, state__in=UNFINISHED)
    while True:
        # Only the constraint can tell: another process may add an equal job after the look.
        if (job := unfinished.first()) is not None:
            return job, False
        try:
            with transaction.atomic():
                job = _create(kind, study, arguments, request, by)
                _announce(job, "job started")
            return job, True
        except IntegrityError:
            continue


def _create(
    kind: str, study: Study | None, arguments: dict[str, Any], request: str, by: User | None
) -> Job:
    return Job.objects.create(
        kind=kind,
        study=study,
        arguments=arguments,
        request_sha256=request,
        requested_by=by,
        language=get_language() or "en",
        queued_at=timezone.now(),
        log=_line(gettext("The job was queued.")),
    )


def claim(holder: str, kinds: Collection[str]) -> Lease | None:
    """Take the oldest job that waits or whose worker has been silent for too long, or return None.

    However many workers claim at once, one of them gets the job: its row is changed under the
    condition that it is still as it was seen.
    """
    while True:
        free = Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=Now())
        waiting = Job.objects.filter(free, kind__in=kinds).order_by("queued_at", "pk")
        job = waiting.first()
        if job is None:
            return None
        as_seen = Job.objects.filter(free, pk=job.pk, token=job.token)
        with override(job.language):
            if job.cancel_requested_at is not None:
                _end(as_seen, Job.State.CANCELLED, gettext("The job was cancelled."))
            elif job.attempts >= job.max_attempts:
                _end(as_seen, Job.State.FAILED, **_silent_too_often(job.attempts))
            elif _take(as_seen, job, holder):
                event(log, "job", {"job": job.pk, "kind": job.kind, "state": "running"})
                return Lease(job.pk, job.token + 1)


def _take(as_seen: Any, job: Job, holder: str) -> bool:
    again = gettext("Attempt %(number)d was begun.") % {"number": job.attempts + 1}
    # An erasure or a stopped worker gives the attempt back, so that its number comes again.
    if job.token > job.attempts:
        again = gettext("The job was begun again, as attempt %(number)d.") % {
            "number": job.attempts + 1
        }
    if job.state == Job.State.RUNNING:
        again = gettext("The worker fell silent. Another worker began attempt %(number)d.") % {
            "number": job.attempts + 1
        }
    usual = usual_duration(job)
    with transaction.atomic():
        changed: int = as_seen.update(
            state=Job.State.RUNNING,
            holder=holder,
            token=F("token") + 1,
            attempts=F("attempts") + 1,
            started_at=Now(),
            heartbeat_at=Now(),
            lease_until=Now() + LEASE,
            log=_and(again),
            **NO_PROGRESS | {"expected_at": usual and timezone.now() + usual},
        )
    return changed == 1


def usual_duration(job: Job) -> timedelta | None:
    """Return the median time of the latest finished jobs of the same kind, or None if unknown.

    Jobs of the same study come first. Kinds whose work differs from one time to the next have none.
    """
    kind = BY_KEY.get(job.kind)
    if kind is None or not kind.is_steady:
        return None
    finished = Job.objects.filter(kind=job.kind, state=Job.State.DONE).order_by("-finished_at")
    latest = finished.filter(study=job.study)[:LOOKED_BACK] or finished[:LOOKED_BACK]
    times = sorted(row.duration for row in latest if row.duration is not None)
    return times[len(times) // 2] if times else None


def renew(lease: Lease) -> bool:
    """Prolong the lease, and return whether the job is to be cancelled. Raises LostLeaseError."""
    _write(lease, lease_until=Now() + LEASE, heartbeat_at=Now())
    return is_cancelled(lease)


def is_cancelled(lease: Lease) -> bool:
    """Return whether somebody wants the job to stop, or the job is no longer the worker's."""
    held = Job.objects.filter(pk=lease.job, token=lease.token, state=Job.State.RUNNING)
    wishes = list(held.values_list("cancel_requested_at", flat=True))
    return not wishes or wishes[0] is not None


def report(
    lease: Lease,
    *,
    done: int = 0,
    total: int | None = None,
    unit: str = "",
    step: str = "",
    expected_at: datetime | None = None,
) -> None:
    """Store how far the job has come. Raises LostLeaseError."""
    done = done if total is None else min(done, total)
    _write(lease, done=done, total=total, unit=unit[:80], step=step[:200], expected_at=expected_at)


def say(lease: Lease, sentence: str) -> None:
    """Add a line to the job's log. Raises LostLeaseError."""
    _write(lease, log=_and(sentence))


def save_checkpoint(lease: Lease, checkpoint: Mapping[str, Any]) -> None:
    """Store what a repeated attempt must know. Raises LostLeaseError.

    Called within the transaction of a step, it makes step and note one: a worker that was replaced
    has its step rolled back.
    """
    _write(lease, checkpoint=dict(checkpoint))


def finish(lease: Lease, result: Mapping[str, Any]) -> None:
    """End the job with its result, and note it as a copy of the study's data if it is one.

    Raises LostLeaseError.
    """
    with transaction.atomic():
        _end(_held(lease), Job.State.DONE, gettext("The job is done."), lease=lease, result=result)
        job = Job.objects.select_related("study", "requested_by").get(pk=lease.job)
        if job.study is not None and job.kind in DataCopy.Kind.values:
            by = job.requested_by.get_username() if job.requested_by else ""
            files = {file["name"]: file["sha256"] for file in job.files}
            with acting_for(by):
                who = job.arguments.get("simulated", "none")
                note_job(job.study, DataCopy.Kind(job.kind), job.pk, who, files)


def fail(lease: Lease, error: str, cure: str) -> None:
    """End the job with a sentence on what went wrong, and its cure. Raises LostLeaseError."""
    _end(_held(lease), Job.State.FAILED, error, lease=lease, error=error, cure=cure)


def end_cancelled(lease: Lease) -> None:
    """End the job because somebody cancelled it. Raises LostLeaseError."""
    _end(_held(lease), Job.State.CANCELLED, gettext("The job was cancelled."), lease=lease)


def put_back(lease: Lease, sentence: str, *, counts: bool) -> None:
    """Put the job back into the queue, with the reason for its log. Raises LostLeaseError.

    The attempt counts if the job itself may have been the reason, but not if the worker was stopped
    on purpose. The job fails when no attempt is left.
    """
    job = Job.objects.filter(pk=lease.job).first()
    if job is not None and counts and job.attempts >= job.max_attempts:
        fail(lease, **_ended_too_often(job.attempts, sentence))
        return
    _write(
        lease,
        state=Job.State.QUEUED,
        attempts=F("attempts") if counts else F("attempts") - 1,
        log=_and(sentence),
        **WITHOUT_HOLDER,
        **NO_PROGRESS,
    )


def cancel(job: Job, by: User) -> None:
    """Cancel a job: at once if it waits, otherwise as soon as its worker notices.

    Raises QueueError for a job that is over.
    """
    said = _line(gettext("%(name)s cancelled the job.") % {"name": by})
    rows = Job.objects.filter(pk=job.pk)
    over = {"state": Job.State.CANCELLED, "finished_at": Now(), "cancel_requested_at": Now()}
    with transaction.atomic():
        log = Concat(F("log"), Value(said), output_field=TextField())
        waiting = rows.filter(state=Job.State.QUEUED).update(log=log, **over)
        running = rows.filter(state=Job.State.RUNNING, cancel_requested_at=None)
        noted = waiting or running.update(cancel_requested_at=Now(), log=log)
        if noted:
            _announce(job, "job cancelled")
    if not noted and not rows.filter(state=Job.State.RUNNING).exists():
        raise QueueError(gettext("The job is over already. There is nothing left to cancel."))


def retry(job: Job, by: User) -> None:
    """Queue a job that failed or was cancelled once more, with all its attempts.

    Raises QueueError if it is in another state, or if an equal job waits or runs.
    """
    over = Job.objects.filter(pk=job.pk, state__in=(Job.State.FAILED, Job.State.CANCELLED))
    said = gettext("%(name)s queued the job again.") % {"name": by}
    try:
        with transaction.atomic():
            changed = over.update(
                state=Job.State.QUEUED,
                queued_at=Now(),
                finished_at=None,
                cancel_requested_at=None,
                attempts=0,
                error="",
                cure="",
                log=_and(said),
                **NO_PROGRESS,
            )
            if changed:
                _announce(job, "job repeated")
    except IntegrityError as error:
        raise QueueError(
            gettext("An equal job is waiting or running. Wait for it, or cancel it first.")
        ) from error
    if not changed:
        raise QueueError(gettext("Only a job that failed or was cancelled can be repeated."))


def delete(job: Job) -> None:
    """Delete a job that is over. Raises QueueError for any other.

    The caller removes its files afterwards: without the row nobody can reach them any more.
    """
    with transaction.atomic():
        deleted, _ = Job.objects.filter(pk=job.pk).exclude(state__in=UNFINISHED).delete()
        if deleted:
            DataCopy.objects.filter(job=job.pk, deleted_at=None).update(deleted_at=Now())
            _announce(job, "job deleted")
    if not deleted:
        raise QueueError(gettext("The job is not over yet. Cancel it before you delete it."))


def begin_anew(study: int, kinds: Collection[str]) -> None:
    """Take the study's running jobs of these kinds from their workers, and queue them once more.

    The token grows, so that a worker that goes on can write nothing about what it has read.
    """
    said = gettext("Somebody's data were erased while the job ran. It begins anew.")
    with transaction.atomic():
        Job.objects.filter(study=study, kind__in=kinds, state=Job.State.RUNNING).update(
            state=Job.State.QUEUED,
            token=F("token") + 1,
            attempts=F("attempts") - 1,
            log=_and(said),
            **WITHOUT_HOLDER,
            **NO_PROGRESS,
        )


def drop_files(job: Job, kept: Sequence[Mapping[str, Any]]) -> None:
    """Store that a finished job has lost its files except those kept, as somebody was erased."""
    said = gettext("Somebody's data were erased, and with them the files that list people.")
    result = {**(job.result or {}), "files": list(kept), "people_erased": True}
    with transaction.atomic():
        done = Job.objects.filter(pk=job.pk, state=Job.State.DONE)
        done.update(result=result, log=_and(said))
        if not kept:
            DataCopy.objects.filter(job=job.pk, deleted_at=None).update(deleted_at=Now())


def _announce(job: Job, act: str) -> None:
    if job.study is not None:
        announce(job.study, act, {}, {"kind": job.kind, "arguments": job.arguments})


def _held(lease: Lease) -> Any:
    return Job.objects.filter(pk=lease.job, token=lease.token, state=Job.State.RUNNING)


def _write(lease: Lease, **changes: Any) -> None:
    with transaction.atomic():
        if not _held(lease).update(**changes):
            raise LostLeaseError(
                f"Job {lease.job} is no longer this worker's (token {lease.token}): another worker "
                "took it, or it ended. This write was refused."
            )


def _end(
    rows: Any,
    state: Job.State,
    sentence: str = "",
    *,
    lease: Lease | None = None,
    error: str = "",
    cure: str = "",
    result: Mapping[str, Any] | None = None,
) -> None:
    ended: dict[str, Any] = {"step": "", "expected_at": None, **WITHOUT_HOLDER}
    with transaction.atomic():
        changed = rows.update(
            state=state,
            finished_at=Now(),
            error=error,
            cure=cure,
            result=None if result is None else dict(result),
            log=_and(sentence or error),
            **ended,
        )
    if lease is not None and not changed:
        raise LostLeaseError(
            f"Job {lease.job} is no longer this worker's (token {lease.token}). Its end as "
            f"{state.value} was refused."
        )
    if lease is not None:
        event(log, "job", {"job": lease.job, "state": state.value})


def _request_hash(kind: str, study: Study | None, arguments: Mapping[str, Any]) -> str:
    content = [kind, None if study is None else study.pk, dict(arguments)]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _line(sentence: str) -> str:
    at = timezone.now().isoformat(timespec="seconds")
    return f"{at} {' '.join(sentence.split())}\n"


def _and(sentence: str) -> Concat:
    """Return the log with one more line. The database joins them, so that no line gets lost."""
    return Concat(F("log"), Value(_line(sentence)), output_field=TextField())


def _silent_too_often(attempts: int) -> dict[str, Any]:
    return {
        "error": gettext("The worker fell silent in each of %(attempts)d attempts.")
        % {"attempts": attempts},
        "cure": gettext(
            "The machine may lack memory or have been switched off. Have a look at it, then repeat "
            "the job."
        ),
    }


def _ended_too_often(attempts: int, sentence: str) -> dict[str, Any]:
    return {
        "error": gettext("%(sentence)s This happened in each of %(attempts)d attempts.")
        % {"sentence": sentence, "attempts": attempts},
        "cure": gettext(
            "The usual cause is too little memory. Close other programs, or let a larger machine "
            "work, then repeat the job."
        ),
    }
