"""One attempt at a job, in a process of its own: the body is run and its files are hashed."""

import logging
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.core.management.base import CommandError
from django.utils import translation
from django.utils.translation import gettext

from studyplatform.audit.writing import acting_for
from studyplatform.jobs.folders import begin_attempt
from studyplatform.jobs.kinds import kind_named
from studyplatform.jobs.lease import Lease, LostLeaseError
from studyplatform.jobs.work import RefusedError, Told, Work
from studyplatform.models import Job

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Succeeded:
    """The result of a job, as its row will hold it."""

    result: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """What went wrong, and what to do about it."""

    error: str
    cure: str = ""


@dataclass(frozen=True)
class Lost:
    """The job has become another worker's, so there is nothing to write about it."""


Ending = Succeeded | Failed | Lost


def attempt(lease: Lease, tell: Callable[[Told], None]) -> Ending:
    """Do the job, and return how it ended.

    Only this process loads the libraries of the body: their memory is free again when it ends, and
    a crash in them ends nothing else.
    """
    job = Job.objects.select_related("requested_by", "study__image_set", "study__classifier").get(
        pk=lease.job
    )
    with translation.override(job.language), acting_for(str(job.requested_by or "")):
        try:
            return Succeeded(_result(job, lease, tell))
        except LostLeaseError:
            return Lost()
        except RefusedError as error:
            return Failed(str(error), error.cure)
        except CommandError as error:
            return Failed(str(error))
        except Exception as error:
            # The trace goes to the worker's own log: an answer may stand in the message.
            log.exception("Job %s (%s) stopped with an unexpected error.", job.pk, job.kind)
            return Failed(
                gettext("An unexpected error stopped the job: %(name)s.")
                % {"name": type(error).__name__},
                gettext(
                    "Repeat the job. If it fails again, tell the administrator its number, "
                    "%(number)d: the worker's own log contains the details."
                )
                % {"number": job.pk},
            )


def _result(job: Job, lease: Lease, tell: Callable[[Told], None]) -> dict[str, Any]:
    if job.study is None:
        raise RefusedError(gettext("The job has no study."), gettext("Start it from a study."))
    folder = begin_attempt(lease)
    body = body_of(job.kind)
    done = body(
        Work(
            study=job.study,
            arguments=job.arguments,
            checkpoint=job.checkpoint,
            lease=lease,
            output=folder.work,
            kept=folder.kept,
            tell=tell,
        )
    )
    return {
        "summary": done.summary,
        "page": done.page,
        "reveals_arms": done.reveals_arms,
        "provenance": {"python": platform.python_version(), **done.provenance},
        "token": lease.token,
        "files": folder.complete(),
    }


def body_of(kind: str) -> Any:
    """Return the function that does jobs of this kind, which loads its libraries."""
    module, _, name = kind_named(kind).body.rpartition(".")
    return getattr(import_module(module), name)
