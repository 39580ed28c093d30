"""Retention by study: what is due for deletion, and its deletion."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from surveys.models import AllocationSlot, DataCopy, Identity, Participant, RememberedId, Study
from surveys.services import copies, places
from surveys.services.acts import announce
from surveys.services.locking import lock
from surveys.study_file.retention import Retention
from surveys.study_file.stored import definition


@dataclass(frozen=True)
class Due:
    """What the study's own declaration says about its data now.

    The dates are None if the file names none, or while people can still begin. The numbers count
    what exists and is past its date.
    """

    declared: Retention
    ended_at: datetime | None
    identifiers_until: datetime | None
    data_until: datetime | None
    identifiers: int
    hashes: int
    people: int

    @property
    def is_anything(self) -> bool:
        """Return whether anything is to be deleted."""
        return bool(self.identifiers or self.hashes or self.people)


@dataclass(frozen=True)
class Applied:
    """What was deleted, and the copies that still contain it unless their files are gone."""

    due: Due
    copies: tuple[DataCopy, ...]


def due(study: Study, now: datetime | None = None) -> Due:
    """Return what the study's retention says now, and what is past its date."""
    now = now or timezone.now()
    declared, ended = definition(study).retention, study.closed_at
    ids_until = declared.identifiers_until(ended) if ended else None
    data_until = declared.data_until(ended) if ended else None
    # The identifiers go with the data at the latest.
    ids_until = min(filter(None, (ids_until, data_until)), default=None)
    has_ids_due = ids_until is not None and ids_until <= now
    has_data_due = data_until is not None and data_until <= now
    return Due(
        declared,
        ended,
        ids_until,
        data_until,
        _real_identities(study).count() if has_ids_due else 0,
        study.remembered_ids.count() if has_ids_due else 0,
        _real(study).count() if has_data_due else 0,
    )


@transaction.atomic
def apply(study: Study) -> Applied:
    """Delete what is past its date, and announce how much. Nothing else is touched.

    Rows of identities go with their keyed hashes, so that a later study which excludes this one's
    participants no longer recognises them. Places stay used, as after an erasure.
    """
    lock(study)
    study.refresh_from_db()
    found = due(study)
    if not found.is_anything:
        return Applied(found, ())
    marked: list[DataCopy] = []
    if found.people:
        marked = copies.mark_all(study, found.people)
        for person in _real(study).filter(arm=None):
            places.give_back(person, "withdrawn")
        people = _real(study)
        AllocationSlot.objects.filter(participant__in=people).update(participant=None, erased=True)
        people.delete()
    _real_identities(study).delete()
    RememberedId.objects.filter(study=study).delete()
    deleted = {name: getattr(found, name) for name in ("identifiers", "hashes", "people")}
    listed = {"copies": [str(copy) for copy in marked]} if marked else {}
    announce(study, "retention applied", {}, {**deleted, **listed})
    return Applied(found, tuple(marked))


def _real(study: Study) -> QuerySet[Participant]:
    return study.participants.filter(simulated=False)


def _real_identities(study: Study) -> QuerySet[Identity]:
    return study.identities.filter(participant__simulated=False)
