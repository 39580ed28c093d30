"""Ids that the recruitment service gives people, which admit each person once and are deleted on
request.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from surveys.models import Identity, Participant, RememberedId, Study
from surveys.recruitment.visitor import Visitor
from surveys.services import places
from surveys.services.acts import announce
from surveys.services.errors import StudyError
from surveys.services.locking import lock
from surveys.study_file.recruitment import Replaced
from surveys.study_file.stored import definition


class NoIdError(StudyError):
    """A person without an id, in a study that admits only people from its recruitment service."""


class ExcludedError(StudyError):
    """A person who took part in a study that the current study excludes."""


class TookPartError(StudyError):
    """A person who took part and had everything deleted, but whose keyed hash is still kept."""


class AlreadyBegunError(StudyError):
    """A person who already takes part, because an external id belongs to a single participation."""


def admit(study: Study, visitor: Visitor | None) -> None:
    """Refuse a person who may not take part. Call it under the allocation's lock.

    Raises NoIdError, ExcludedError and AlreadyBegunError, none of which names a person.
    """
    recruitment = definition(study).recruitment
    if recruitment.is_open:
        return
    if visitor is None:
        raise NoIdError(
            f"The study {study.slug!r} recruits through {recruitment.kind!r}, but this person came "
            "without an id. Send people through the recruitment service's own link."
        )
    # By the keyed hash, which remains when the ids are deleted after payment.
    if study.identities.filter(external_hash=visitor.external_hash).exists():
        raise _already_begun(study)
    if is_remembered(study, visitor):
        raise TookPartError(
            f"This person took part in the study {study.slug!r} before and had everything deleted. "
            "Each person can take part once."
        )
    if is_excluded(study, visitor):
        raise ExcludedError(
            f"The study {study.slug!r} excludes people who took part in "
            f"{' or '.join(recruitment.exclude)}, as this person did."
        )


def is_excluded(study: Study, visitor: Visitor) -> bool:
    """Return whether the visitor took part in a study that the given study excludes."""
    slugs = definition(study).recruitment.exclude
    earlier = Identity.objects.filter(study__slug__in=slugs, external_hash=visitor.external_hash)
    erased = RememberedId.objects.filter(
        study__slug__in=slugs, external_hash=visitor.external_hash, until__gt=timezone.now()
    )
    return earlier.exists() or erased.exists()


def is_remembered(study: Study, visitor: Visitor) -> bool:
    """Return whether the visitor took part, had everything deleted, and is still remembered."""
    remembered = study.remembered_ids.filter(external_hash=visitor.external_hash)
    return remembered.filter(until__gt=timezone.now()).exists()


def remember(participant: Participant) -> datetime | None:
    """Keep the keyed hash of the participant's id, and return until when, or None if nothing is
    kept.

    Only a consent that named a date allows this. Call it before the participant is deleted.
    """
    identity = Identity.objects.filter(participant=participant).first()
    until = identity.remember_until if identity else None
    if identity is None or until is None or until <= timezone.now():
        return None
    RememberedId.objects.update_or_create(
        study=participant.study,
        external_hash=identity.external_hash,
        defaults={"until": until},
    )
    return until


def forget_remembered() -> int:
    """Delete the hashes whose date has passed, in every study, and return how many."""
    _, deleted = RememberedId.objects.filter(until__lte=timezone.now()).delete()
    return sum(deleted.values())


def identify(participant: Participant, visitor: Visitor) -> None:
    """Store the new participant's identity, separately from all other data.

    Raises AlreadyBegunError if another arrival of the same person was faster.
    """
    days = definition(participant.study).recruitment.remember_days
    try:
        # A savepoint, because PostgreSQL refuses every statement after a failed one.
        with transaction.atomic():
            Identity.objects.create(
                participant=participant,
                study=participant.study,
                external_id=visitor.external_id,
                external_hash=visitor.external_hash,
                session_id=visitor.session_id,
                service_study=visitor.service_study,
                # The consent named this number of days; 0 keeps nothing after an erasure.
                remember_until=participant.consented_at + timedelta(days=days) if days else None,
            )
    except IntegrityError as error:
        raise _already_begun(participant.study) from error


def _already_begun(study: Study) -> AlreadyBegunError:
    return AlreadyBegunError(
        f"This person already takes part in the study {study.slug!r}. Let them continue there."
    )


@transaction.atomic
def record_service_status(*, session_id: str, status: str, at: datetime) -> bool:
    """Store the recruitment service's status of a submission, unless a newer status is known.

    A status that the study file lists under ``replace`` gives the person's place back. Returns
    whether the submission belongs to a participant here. Repeated news changes nothing.
    """
    known = Identity.objects.filter(session_id=session_id).first()
    if known is None:
        return False
    # The participant first, then the study, as everywhere: an erasure may run at the same time.
    people = Participant.objects.select_for_update(of=("self",)).select_related("study")
    participant = people.filter(pk=known.participant_id).first()
    if participant is None:
        return False
    lock(participant.study)
    identity = Identity.objects.get(pk=known.pk)
    if identity.service_status_at is None or identity.service_status_at < at:
        identity.service_status, identity.service_status_at = status[:30], at
        identity.save(update_fields=["service_status", "service_status_at"])
        places.replace(participant, Replaced.of_status(status))
    return True


def record_service_statuses(*, study: Study, statuses: Mapping[str, str], at: datetime) -> int:
    """Store the statuses of the study's submissions, by their ids, as they were listed at a time.

    Returns how many of the submissions belong to participants here. A status that is the same as
    before only gets the new time.
    """
    known = [one for one in study.identities.all() if one.session_id in statuses]
    same = {one.pk for one in known if one.service_status == statuses[one.session_id]}
    study.identities.filter(pk__in=same, service_status_at__lt=at).update(service_status_at=at)
    for identity in known:
        if identity.pk not in same:
            status = statuses[identity.session_id]
            record_service_status(session_id=identity.session_id, status=status, at=at)
    return len(known)


@transaction.atomic
def forget_identifiers(*, study: Study) -> int:
    """Delete the service's ids of all participants once they are paid, and return how many had any.

    The keyed hash is kept, which names nobody and prevents repeated participation.
    """
    known = study.identities.exclude(external_id="")
    with transaction.atomic():
        forgotten = known.update(external_id="", session_id="", session_hash="", service_study="")
        announce(study, "identifiers forgotten", {}, {"people": forgotten})
    return forgotten
