"""Enrolment of a person, who consents and becomes a participant without a place and an arm."""

import hashlib
from collections.abc import Collection
from itertools import count

from django.db import transaction
from django.utils import timezone

from surveys.models import Participant, Study
from surveys.models.personal_code import personal_code
from surveys.models.sealed import keyed_hash
from surveys.recruitment.visitor import Visitor
from surveys.services import places, recruiting
from surveys.services.errors import StudyError
from surveys.services.locking import lock
from surveys.study_file.retired import is_retired
from surveys.study_file.stored import definition


class StudyClosedError(StudyError):
    """A study that admits nobody: a draft, a closed study, or a retired design."""


class NotAgreedError(StudyError):
    """A consent in which a required check box is not ticked."""


@transaction.atomic
def enrol(
    *,
    study: Study,
    arrival_key: str,
    simulated: bool = False,
    language: str = "",
    visitor: Visitor | None = None,
    ticked: Collection[str] | None = None,
) -> Participant:
    """Return the participant of this arrival, who is created if ``arrival_key`` is new.

    ``language`` is the language in which the person read the consent, by default the study's own.
    ``ticked`` holds the keys of the consent's check boxes that the person ticked, and is None for
    a rehearsal that skips the consent, which counts as ticking them all. ``visitor`` carries the
    person's ids if the study uses a recruitment service. A participant who was enrolled before is
    returned whatever the state of the study. Raises StudyClosedError, StudyFullError,
    NotAgreedError if a required check box is not ticked, and the errors of ``recruiting.admit``.
    """
    study = lock(study)
    # Looked up under the lock, so that a consent sent twice never makes two participants.
    arrival = keyed_hash("arrival_key", arrival_key)
    known = study.participants.filter(arrival_key=arrival).select_related("study").first()
    if known is not None:
        return known
    if study.state != Study.State.OPEN:
        raise StudyClosedError(
            f"The study {study.slug!r} is {study.state}. Open it with: manage.py open_study "
            f"{study.slug}"
        )
    if study.is_pilot and not simulated:
        raise StudyClosedError(
            f"The study {study.slug!r} is a pilot, which admits nobody but by its rehearsal link."
        )
    if is_retired(study.source):
        raise StudyClosedError(
            f"The study {study.slug!r} admits nobody: its file uses a feature that is no longer "
            "supported. Export it, and load the file without that feature as a new study."
        )
    if not simulated:
        recruiting.admit(study, visitor)
    places.need_one(study, simulated)
    declared = definition(study).in_language(language)
    consent = declared.consent
    checks = [check.key for check in consent.checks if ticked is None or check.key in ticked]
    if missing := {check.key for check in consent.checks if check.required} - set(checks):
        raise NotAgreedError(
            f"The consent of {study.slug!r} requires check boxes that are not ticked: "
            f"{', '.join(sorted(missing))}."
        )
    participant = Participant.objects.create(
        study=study,
        arrival_key=arrival,
        **({"pseudonym": _simulated_pseudonym(study)} if simulated else {}),
        personal_code=personal_code(arrival_key),
        simulated=simulated,
        language=declared.language,
        consent_version=consent.version,
        consent_sha256=consent.sha256,
        consent_checks=checks,
        consented_at=timezone.now(),
    )
    if visitor is not None and not simulated:
        recruiting.identify(participant, visitor)
    return participant


def _simulated_pseudonym(study: Study) -> str:
    """Return the next simulated participant's pseudonym, which follows from the study's seed.

    It decides the order of shuffled items, and the analysis sums in its order. A random pseudonym
    would give each simulation with one seed other data. Real participants' are random.
    """
    first = study.participants.filter(simulated=True).count()
    # After an erasure, this number can be that of somebody who still exists.
    names = (_name_of(study, number) for number in count(first))
    return next(name for name in names if not Participant.objects.filter(pseudonym=name).exists())


def _name_of(study: Study, number: int) -> str:
    text = f"simulated/{study.slug}/{study.seed}/{number}"
    return f"P{hashlib.sha256(text.encode()).hexdigest()[:8]}"
