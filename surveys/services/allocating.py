"""Allocation of an arm to a participant who reaches the first page that differs between arms."""

import json
from collections import Counter
from collections.abc import Mapping
from itertools import count

from django.db.models import Count

from surveys.allocation import entries
from surveys.allocation.drawing import draw
from surveys.allocation.scheme import Standing
from surveys.models import AllocationSlot, Answer, Arm, Participant, Study
from surveys.services import ledger, places
from surveys.services.locking import lock
from surveys.services.trials import create_trials, next_rotation
from surveys.study_file.stored import definition


def allocate(participant: Participant) -> None:
    """Give the participant an arm and trials, unless they have an arm. Call it in a transaction.

    Raises StudyFullError if the participant stayed away for so long that the place was given to
    someone else and no other is free.
    """
    study = lock(participant.study)
    if participant.arm_id is not None:
        return
    slot = AllocationSlot.objects.filter(participant=participant).first()
    slot = slot or places.take(participant)
    levels = levels_of(participant)
    scheme = ledger.scheme_of(study, participant.simulated)
    stratum = scheme.stratum(levels)
    standing = standing_of(study, participant.simulated, stratum)
    # The draw depends only on the scheme and earlier allocations, so the ledger can replay it.
    drawn = draw(scheme, levels, standing)
    slot.participant, slot.arm = participant, study.arms.get(key=drawn.arm)
    slot.position, slot.stratum = standing.allocated + 1, stratum
    slot.block, slot.place, slot.copy = drawn.block or None, drawn.place or None, drawn.copy
    slot.image_rank = next_image_rank(study, participant.simulated, drawn.arm)
    slot.save(update_fields=["arm", "position", "stratum", "block", "place", "copy", "image_rank"])
    ledger.append(
        study,
        participant.simulated,
        entries.allocated(slot.arrival or 0, levels, drawn, slot.position),
    )
    _put_in(participant, slot.arm, slot.position, slot.image_rank)


def levels_of(participant: Participant) -> dict[str, str]:
    """Return the participant's level of each stratification factor of the study."""
    strata = definition(participant.study).allocation.strata
    given = {}
    if strata:
        answers = Answer.objects.filter(submission__participant=participant).order_by("id")
        given = {
            (questionnaire, item): value
            for questionnaire, item, value in answers.values_list("questionnaire", "item", "value")
        }
    return {
        stratum.key: stratum.level_of(given.get((stratum.questionnaire, stratum.item), ""))
        for stratum in strata
    }


def standing_of(study: Study, simulated: bool, stratum: str) -> Standing:
    """Return the allocations so far, including people who were deleted later."""
    taken = study.slots.filter(simulated=simulated, arm__isnull=False)
    last = taken.filter(stratum=stratum, block__isnull=False).order_by("position").last()
    totals: Counter[tuple[str, int]] = Counter()
    marginals: Counter[tuple[str, int, str, str]] = Counter()
    cells = taken.order_by().values_list("arm__key", "copy", "stratum").annotate(Count("pk"))
    for arm, copy, cell, people in cells:
        totals[arm, copy] += people
        for factor, level in _levels(cell).items():
            marginals[arm, copy, factor, level] += people
    place = (last.block or 0, last.place or 0) if last else (0, 0)
    # Whoever gave the place back stays in the totals, so that the list goes on where it was.
    given_back = Counter(taken.filter(given_back=True).values_list("arm__key", flat=True))
    return Standing(sum(totals.values()), place, totals, marginals, given_back)


def _levels(cell: str) -> Mapping[str, str]:
    levels: dict[str, str] = json.loads(cell)
    return levels


def next_image_rank(study: Study, simulated: bool, arm: str) -> int | None:
    """Return the rank by which images are drawn for the arm's next person, or None if the study
    shows the same images to everybody.

    It is the lowest that nobody holds: somebody who replaces a person whose place was given back
    sees that person's images, and everybody else keeps theirs, dropped out or erased.
    """
    declared = definition(study)
    if not declared.draws_images:
        return None
    held = set(
        study.slots.filter(
            simulated=simulated, arm__key__in=declared.arms_alike(arm), given_back=False
        ).values_list("image_rank", flat=True)
    )
    return next(rank for rank in count() if rank not in held)


def _put_in(participant: Participant, arm: Arm, position: int, image_rank: int | None) -> None:
    participant.arm = arm
    participant.rotation = next_rotation(participant, arm)
    participant.save(update_fields=["arm", "rotation"])
    create_trials(participant, arm, position, image_rank or 0)
