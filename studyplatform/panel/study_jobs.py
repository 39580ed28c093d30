"""Which jobs of a study somebody sees, and which kinds somebody may start."""

from collections.abc import Collection, Sequence

from django.db.models import QuerySet
from django.http import Http404

from studyplatform.jobs import presence
from studyplatform.jobs.kinds import BY_KEY, KINDS, Kind
from studyplatform.models import Job
from studyplatform.panel.access import Right
from surveys.blinding import is_blinded
from surveys.models import Study

OF_DATA = tuple(kind.key for kind in KINDS if kind.shows_data)


def right_to_start(kind: Kind) -> Right:
    """Return the right that starting, cancelling and deleting a job of the kind needs."""
    return Right.SEE_DATA if kind.shows_data else Right.MAKE_CHANGES


def kinds_to_start(rights: Collection[Right]) -> Sequence[Kind]:
    """Return the kinds that somebody with these rights may start, except those of the data tab."""
    return [kind for kind in KINDS if not kind.shows_data and right_to_start(kind) in rights]


def visible_jobs(study: Study, rights: Collection[Right]) -> QuerySet[Job]:
    """Return the study's jobs, without those whose log and result come from people's answers unless
    the rights include seeing data."""
    jobs = study.jobs.select_related("requested_by")
    return jobs if Right.SEE_DATA in rights else jobs.exclude(kind__in=OF_DATA)


def visible_job(study: Study, rights: Collection[Right], pk: int) -> Job:
    """Return a job. Raises Http404 for another study's job and for one that must not be seen."""
    job = visible_jobs(study, rights).filter(pk=pk).first()
    if job is None:
        raise Http404("There is no such job, or you may not see it.")
    return job


def may_change(job: Job, rights: Collection[Right]) -> bool:
    """Return whether somebody with these rights may cancel, repeat and delete the job."""
    return job.kind in BY_KEY and right_to_start(BY_KEY[job.kind]) in rights


def is_hidden(job: Job, study: Study) -> bool:
    """Return whether the job's files show arms of a study that is blinded now."""
    return bool((job.result or {}).get("reveals_arms")) and is_blinded(study)


def waits_in_vain(job: Job) -> bool:
    """Return whether the job waits and no living worker takes jobs of its kind."""
    return job.state == Job.State.QUEUED and job.kind not in presence.kinds_at_work()
