"""Places, which are held from the first page that is sent and either bound to an arm at the
allocation or given back before.

A consent alone holds nothing: a script that only consents would keep everybody else out.
"""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from surveys.allocation import entries
from surveys.models import AllocationSlot, Participant, Study
from surveys.services import ledger
from surveys.services.errors import StudyError
from surveys.services.locking import lock
from surveys.study_file.recruitment import Replaced
from surveys.study_file.stored import definition


class StudyFullError(StudyError):
    """A study whose places are all taken."""


def take(participant: Participant) -> AllocationSlot:
    """Take a place for the participant, who has none. Call it under ``lock``.

    If all places are taken, the place that was held longest without an arm is given up, provided
    that it was held longer than the study allows. Raises StudyFullError.
    """
    study, simulated = participant.study, participant.simulated
    forgotten = need_one(study, simulated)
    if forgotten is not None:
        # Given up only on demand: a slow participant keeps the place as long as nobody needs it.
        _free(forgotten, "held too long")
    arrival = ledger.append(study, simulated, entries.arrived()).sequence
    return AllocationSlot.objects.create(
        study=study,
        simulated=simulated,
        arrival=arrival,
        participant=participant,
        held_since=timezone.now(),
    )


def hold(participant: Participant) -> None:
    """Take a place for the participant unless they have one. Raises StudyFullError.

    Call it in a transaction that has locked the participant.
    """
    if participant.arm_id is None and not _places_of(participant).exists():
        lock(participant.study)
        take(participant)


def need_one(study: Study, simulated: bool) -> AllocationSlot | None:
    """Return None if a place is free, else the place to give up for it. Call it under ``lock``.

    Raises StudyFullError if there is neither.
    """
    capacity = ledger.scheme_of(study, simulated).capacity
    if taken(study, simulated) < capacity:
        return None
    forgotten = _held_too_long(study, simulated)
    if forgotten is None:
        raise StudyFullError(
            f"All {capacity} places of the study {study.slug!r} are taken ([allocation] in its "
            "file)."
        )
    return forgotten


def taken(study: Study, simulated: bool) -> int:
    """Return how many places are in use, with an arm or held without one."""
    return study.slots.filter(simulated=simulated, given_back=False).count()


def replace(participant: Participant, way: Replaced | None) -> None:
    """Let somebody else take the participant's place if they left in a way that the file lists.

    A place without an arm is freed, as in ``give_back``. An arm stays counted, so that nobody can
    steer the next draw by leaving. Call it under ``lock``, before the participant is deleted. A
    second call does nothing.
    """
    if way is None or way not in definition(participant.study).recruitment.replace:
        return
    let_replace(participant, way.value.replace("_", " "))


def let_replace(participant: Participant, words: str) -> None:
    """Let somebody else take the participant's place, with the reason for the ledger.

    Call it under ``lock``. A second call does nothing.
    """
    give_back(participant, words)
    bound = AllocationSlot.objects.filter(
        participant=participant, arm__isnull=False, arrival__isnull=False, given_back=False
    ).first()
    if bound is not None:
        bound.given_back = True
        bound.save(update_fields=["given_back"])
        ledger.append(bound.study, bound.simulated, entries.replaced(bound.arrival or 0, words))


def give_back(participant: Participant, reason: str) -> None:
    """Free the participant's place if they never got an arm. Call it under ``lock``."""
    held = _places_of(participant).filter(arm__isnull=True).first()
    if held is not None:
        _free(held, reason)


def _places_of(participant: Participant) -> QuerySet[AllocationSlot]:
    return AllocationSlot.objects.filter(participant=participant)


def _free(slot: AllocationSlot, reason: str) -> None:
    ledger.append(slot.study, slot.simulated, entries.returned(slot.arrival or 0, reason))
    slot.delete()


def _held_too_long(study: Study, simulated: bool) -> AllocationSlot | None:
    minutes = definition(study).allocation.hold_minutes
    if not minutes:
        return None
    held = study.slots.filter(simulated=simulated, arm__isnull=True)
    since = timezone.now() - timedelta(minutes=minutes)
    return held.filter(held_since__lt=since).order_by("held_since", "pk").first()
