"""Which arm the next participant gets: permuted blocks of random size, from a stored seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from explanations.imagesets.dice import Dice
from surveys.models import AllocationSlot, Study
from surveys.studyfile import definition

ALGORITHM = "permuted-blocks-1"  # part of every seed: another algorithm gives other lists
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Place:
    """One entry of an allocation list; position and block count from 1."""

    position: int
    block: int
    arm: str


def allocation_list(
    arms: Sequence[str], multiples: Sequence[int], places: int, *key: int | str
) -> tuple[Place, ...]:
    """``places`` entries in blocks that hold each arm m times, m drawn evenly from ``multiples``.

    The same arguments give the same list on every machine. Within any prefix the sizes of two
    arms differ by at most max(multiples).
    """
    dice = Dice(ALGORITHM, *key)
    entries: list[Place] = []
    block = 0
    while len(entries) < places:
        block += 1
        arms_of_block = shuffled(list(arms) * dice.choice(multiples), dice)
        start = len(entries) + 1
        entries += [Place(start + i, block, arm) for i, arm in enumerate(arms_of_block)]
    return tuple(entries[:places])


def shuffled(things: Sequence[Thing], dice: Dice) -> list[Thing]:
    """The things in random order (Fisher and Yates)."""
    order = list(things)
    for last in range(len(order) - 1, 0, -1):
        other = dice.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def study_list(study: Study, simulated: bool) -> tuple[Place, ...]:
    """The study's whole list, made anew from its seed."""
    declared = definition(study)
    return allocation_list(
        [group.key for group in declared.groups],
        declared.allocation.block_multiples,
        declared.allocation.places,
        "simulated" if simulated else "live",
        study.seed,
    )


def create_slots(study: Study) -> None:
    """Store both lists of a study, the live one and that of simulated participants."""
    arms = {arm.key: arm for arm in study.arms.all()}
    AllocationSlot.objects.bulk_create(
        (
            AllocationSlot(
                study=study,
                simulated=simulated,
                position=place.position,
                block=place.block,
                arm=arms[place.arm],
            )
            for simulated in (False, True)
            for place in study_list(study, simulated)
        ),
        batch_size=1000,
    )


def next_free_slot(study: Study, simulated: bool) -> AllocationSlot | None:
    """The first place that nobody holds; None when all are taken. Call it under ``lock``."""
    free = study.slots.filter(simulated=simulated, participant__isnull=True, erased=False)
    return free.select_related("arm").order_by("position").first()


def lock(study: Study) -> Study:
    """Make every other arrival wait until this transaction ends; returns the row as it now is.

    On SQLite the lock is the IMMEDIATE transaction itself (settings), and this only reads.
    """
    return Study.objects.select_for_update().get(pk=study.pk)
