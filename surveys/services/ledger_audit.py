"""Audit of a study's ledgers against their hashes, their seed, and the rest of the database."""

from dataclasses import dataclass

from surveys.allocation.replay import Replayed, ReplayError, replay
from surveys.blinding import is_blinded
from surveys.models import AllocationSlot, Study
from surveys.services.ledger import ledger_of, scheme_of


@dataclass(frozen=True)
class Verified:
    """A ledger without differences.

    ``blinded``: arms and hashes are not shown.
    """

    simulated: bool
    found: Replayed
    blinded: bool

    def __str__(self) -> str:
        kind = "simulated" if self.simulated else "real"
        replayed = self.found
        line = (
            f"{kind}: {replayed.arrivals} arrived, {len(replayed.arms)} allocated, "
            f"{replayed.returned} places given back"
            f"{f' and {replayed.replaced} after the allocation' if replayed.replaced else ''}, "
            f"{replayed.waiting} waiting"
        )
        return line if self.blinded else f"{line}; the last hash is {replayed.head}"


def verify(study: Study) -> list[Verified]:
    """Verify the study's ledgers and return a summary of each.

    Raises ReplayError, which names the first difference.
    """
    verified = []
    for simulated in (False, True):
        slots = study.slots.filter(simulated=simulated, arrival__isnull=False)
        ledger = ledger_of(study, simulated)
        if not ledger and not slots.exists():  # nobody of this kind has arrived
            continue
        try:
            replayed = replay(ledger)
            _compare(study, simulated, replayed)
        except ReplayError as error:
            kind = "simulated" if simulated else "real"
            raise ReplayError(
                f"The ledger of the {kind} participants of {study.slug!r} is not intact. {error}"
            ) from error
        blinded = is_blinded(study) and not simulated
        verified.append(Verified(simulated, replayed, blinded))
    return verified


def _compare(study: Study, simulated: bool, ledger: Replayed) -> None:
    """Compare the ledger with the other tables.

    Raises ReplayError where they disagree.
    """
    files = {study.source_sha256, *study.versions.values_list("source_sha256", flat=True)}
    if ledger.origin.study_file_sha256 not in files:
        raise ReplayError("Entry 0 names a study file that is not among the study's versions.")
    if ledger.scheme != scheme_of(study, simulated):
        raise ReplayError("Entry 0 names a different scheme or seed than the study has.")
    slots = study.slots.filter(simulated=simulated, arrival__isnull=False)
    # A chain cut off at its end is intact, so the numbers are compared with the tables.
    waiting = slots.filter(arm__isnull=True).count()
    if waiting != ledger.waiting:
        raise ReplayError(
            f"{waiting} places are held without an arm, but the ledger has {ledger.waiting}. An "
            "entry at its end is missing, or a place was changed without the services."
        )
    replaced = slots.filter(given_back=True).count()
    if replaced != ledger.replaced:
        raise ReplayError(
            f"{replaced} places were given back after the allocation, but the ledger has "
            f"{ledger.replaced}. A place was changed without the services."
        )
    allocated = list(
        slots.filter(arm__isnull=False).order_by("position").select_related("arm", "participant")
    )
    if len(allocated) != len(ledger.arms):
        raise ReplayError(
            f"{len(allocated)} participants have an arm, but the ledger has {len(ledger.arms)}. An "
            "entry at its end is missing, or a place was changed without the services."
        )
    for slot, arm in zip(allocated, ledger.arms, strict=True):
        _compare_place(slot, arm)


def _compare_place(slot: AllocationSlot, arm: str) -> None:
    held = slot.arm.key if slot.arm else ""
    person = slot.participant
    if held != arm or (person is not None and person.arm_id != slot.arm_id):
        raise ReplayError(
            f"Allocation {slot.position} has a different arm in the database than in the ledger."
        )
