"""The preregistration of a study: a draft until the launch, which locks it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from studyplatform.audit.writing import record
from studyplatform.jobs.folders import result_file
from studyplatform.models import Job, LockedRegistration
from surveys import services
from surveys.models import Study
from surveys.study_file.declaration import StudyFile
from surveys.study_file.stored import definition, definition_of

NAMES = ("preregistration.html", "preregistration.md", "registered.json")
"""The files of a preregistration, the page first."""


@dataclass(frozen=True)
class Preregistration:
    """The documents by the names of their files. ``locked_at`` is None for a draft."""

    plan_sha256: str
    texts: dict[str, str]
    sha256: dict[str, str]
    written_at: datetime
    locked_at: datetime | None


def preregistration(study: Study) -> Preregistration:
    """Return what the launch has locked or, before the launch, a draft of now.

    A study that was launched by a command has no locked documents: they are written from the
    version that was launched then. Raises AnalysisError for a plan that cannot be used.
    """
    locked = LockedRegistration.objects.filter(study=study).first()
    if locked is not None:
        return Preregistration(
            locked.plan_sha256, locked.texts, locked.sha256, locked.locked_at, locked.locked_at
        )
    first = study.versions.first()
    if first is None:
        collected = study.participants.filter(simulated=False).count()
        return _written(study, definition(study), study.source_sha256, timezone.now(), collected)
    return _written(
        study, definition_of(first.source), first.source_sha256, first.launched_at,
        first.people_before,
    )  # fmt: skip


def launch(study: Study) -> None:
    """Launch a draft, and lock its preregistration in the same transaction.

    Raises StudyError if the study cannot be opened, and AnalysisError for an unusable plan.
    """
    with transaction.atomic():
        services.open_study(study=study)
        if LockedRegistration.objects.filter(study=study).exists():
            return
        written = preregistration(study)
        LockedRegistration.objects.create(
            study=study,
            plan_sha256=written.plan_sha256,
            texts=written.texts,
            sha256=written.sha256,
            locked_at=written.written_at,
        )
        record(study, "preregistration locked", after={"plan_sha256": written.plan_sha256})


def power_jobs(study: Study) -> list[Job]:
    """Return the finished simulations of the sample, the latest first."""
    done = study.jobs.filter(kind="power", state=Job.State.DONE)
    return list(done.select_related("requested_by").order_by("-finished_at")[:5])


def _written(
    study: Study, declared: StudyFile, source_sha256: str, at: datetime, collected: int
) -> Preregistration:
    # Imported here, because the analysis brings pandas, which every web process would load.
    from studyplatform.preregistration import Circumstances, registration_of

    told = Circumstances(at.isoformat(timespec="seconds"), collected, _sample(study, declared))
    written = registration_of(declared, source_sha256, told)
    hashes = {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in written.texts.items()
    }
    return Preregistration(written.plan_sha256, written.texts, hashes, at, None)


def _sample(study: Study, declared: StudyFile) -> tuple[str, ...]:
    """Return the sentences of the latest simulation of this plan, if there is one."""
    from studyplatform.preregistration import sample_sentences

    for job in power_jobs(study):
        power = _power_of(job)
        if power is not None and (sentences := sample_sentences(power, declared)):
            return sentences
    return ()


def _power_of(job: Job) -> Any:
    path = result_file(job.pk, (job.result or {}).get("token", 0), "power.json")
    return None if path is None else json.loads(path.read_text(encoding="utf-8"))
