"""Freezing of a study, whose launch records what it consists of."""

from django.utils import timezone

from surveys.models import Study, StudyVersion
from surveys.services.fingerprints import fingerprint, of_version


def freeze(study: Study, reason: str = "") -> StudyVersion:
    """Return the version that is launched now, which is the last version if nothing was changed,
    else a new version.

    ``reason`` says why the study was changed. Call it in the transaction that launches or changes
    the study.
    """
    last = study.versions.last()
    now = fingerprint(study)
    # Opening a closed study again without changes continues its last version.
    if last is not None and of_version(last) == now:
        return last
    return StudyVersion.objects.create(
        study=study,
        number=last.number + 1 if last else 1,
        launched_at=timezone.now(),
        reason=" ".join(reason.split()),
        people_before=study.participants.filter(simulated=False).count(),
        source=study.source,
        source_sha256=now.source,
        stimuli_sha256=now.stimuli,
        weights_sha256=now.weights,
        instruments=dict(now.instruments),
    )
