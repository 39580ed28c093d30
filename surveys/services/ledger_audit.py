"""Holds a study's ledgers against their own hashes, their seed, and the rest of the database."""

from dataclasses import dataclass

from surveys.allocation.replay import Replayed, ReplayError, replay
from surveys.models import AllocationSlot, Study
from surveys.services.ledger import ledger_of, scheme_of


@dataclass(frozen=True)
class Verified:
    """A ledger that holds. ``blinded``: the study is open, so arms and hashes stay unsaid."""

    simulated: bool
    found: Replayed
    blinded: bool

    def __str__(self) -> str:
        kind = "simulated" if self.simulated else "real"
        found = self.found
        line = (
            f"{kind}: {found.arrivals} arrived, {len(found.arms)} allocated, {found.returned} "
            f"places went back, {found.waiting} wait"
        )
        return line if self.blinded else f"{line}; the last hash is {found.head}"


def verify(study: Study) -> list[Verified]:
    """The study's ledgers, each verified; raises ReplayError that names the first difference."""
    found = []
    for simulated in (False, True):
        slots = study.slots.filter(simulated=simulated, arrival__isnull=False)
        ledger = ledger_of(study, simulated)
        if not ledger and not slots.exists():
            continue
        try:
            replayed = replay(ledger)
            _compare(study, simulated, replayed)
        except ReplayError as error:
            kind = "simulated" if simulated else "real"
            raise ReplayError(
                f"The ledger of the {kind} participants of {study.slug!r} does not hold. {error}"
            ) from error
        blinded = study.state != Study.State.CLOSED and not simulated
        found.append(Verified(simulated, replayed, blinded))
    return found


def _compare(study: Study, simulated: bool, ledger: Replayed) -> None:
    """Raises ReplayError where the ledger and the other tables tell different things."""
    files = {study.source_sha256, *study.versions.values_list("source_sha256", flat=True)}
    if ledger.origin.study_file_sha256 not in files:
        raise ReplayError("Entry 0 names a study file that was none of the study's versions.")
    if ledger.scheme != scheme_of(study, simulated):
        raise ReplayError("Entry 0 names another scheme or seed than those of the study.")
    slots = study.slots.filter(simulated=simulated, arrival__isnull=False)
    waiting = slots.filter(arm__isnull=True).count()
    if waiting != ledger.waiting:
        raise ReplayError(
            f"{waiting} places are held without an arm, and by the ledger {ledger.waiting}: an "
            "entry at its end is missing, or a place was changed past the services."
        )
    allocated = list(
        slots.filter(arm__isnull=False).order_by("position").select_related("arm", "participant")
    )
    if len(allocated) != len(ledger.arms):
        raise ReplayError(
            f"{len(allocated)} participants have an arm, and by the ledger {len(ledger.arms)}: an "
            "entry at its end is missing, or a place was changed past the services."
        )
    for slot, arm in zip(allocated, ledger.arms, strict=True):
        _compare_place(slot, arm)


def _compare_place(slot: AllocationSlot, arm: str) -> None:
    held = slot.arm.key if slot.arm else ""
    person = slot.participant
    if held != arm or (person is not None and person.arm_id != slot.arm_id):
        raise ReplayError(
            f"Allocation {slot.position} is to another arm in the database than in the ledger."
        )
