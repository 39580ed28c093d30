"""A person consents and becomes a participant: arm, place and trials in one transaction."""

from django.db import transaction
from django.utils import timezone

from explanations.models import Explanation
from surveys import allocation
from surveys.models import AllocationSlot, Arm, Participant, Stimulus, Study, Trial
from surveys.personalcode import personal_code
from surveys.services.errors import StudyError
from surveys.studyfile import definition


class StudyClosedError(StudyError):
    """The study takes nobody in: it is a draft, or closed."""


class StudyFullError(StudyError):
    """Every place of the allocation list is taken."""


@transaction.atomic
def enrol(*, study: Study, arrival_key: str, simulated: bool = False) -> Participant:
    """The participant of this arrival: found again by ``arrival_key``, or created.

    Who was enrolled before is returned in any state of the study. Raises StudyClosedError and
    StudyFullError.
    """
    study = allocation.lock(study)
    known = study.participants.filter(arrival_key=arrival_key).select_related("study").first()
    if known is not None:
        return known
    if study.state != Study.State.OPEN:
        raise StudyClosedError(
            f"The study {study.slug!r} is {study.state}. Open it with: manage.py open_study "
            f"{study.slug}"
        )
    slot = allocation.next_free_slot(study, simulated)
    if slot is None:
        raise StudyFullError(
            f"All {study.slots.filter(simulated=simulated).count()} places of the study "
            f"{study.slug!r} are taken ([allocation] places in its file)."
        )
    return _create(study, slot, arrival_key)


def _create(study: Study, slot: AllocationSlot, arrival_key: str) -> Participant:
    consent = definition(study).consent
    participant = Participant.objects.create(
        study=study,
        arm=slot.arm,
        arrival_key=arrival_key,
        personal_code=personal_code(arrival_key),
        simulated=slot.simulated,
        consent_version=consent.version,
        consent_sha256=consent.sha256,
        consented_at=timezone.now(),
    )
    slot.participant = participant
    slot.save(update_fields=["participant"])
    _create_trials(study, slot, participant)
    return participant


def _create_trials(study: Study, slot: AllocationSlot, participant: Participant) -> None:
    stimuli = list(study.stimuli.order_by("position"))
    order = allocation.trial_order(study.seed, slot.simulated, slot.position, len(stimuli))
    shown = explanations_of(slot.arm, stimuli, simulated=slot.simulated)
    Trial.objects.bulk_create(
        Trial(
            participant=participant,
            position=position,
            stimulus=stimuli[number - 1],
            explanation=shown.get(stimuli[number - 1].pk),
        )
        for position, number in enumerate(order, start=1)
    )


def explanations_of(
    arm: Arm, stimuli: list[Stimulus], *, simulated: bool
) -> dict[int, Explanation]:
    """Explanation by the stimulus's primary key, empty for an arm without method.

    What earlier participants of the arm saw, else the newest: a map that is computed again while
    a study runs must not change what the study shows.
    """
    if not arm.method:
        return {}
    seen = Trial.objects.filter(participant__arm=arm, participant__simulated=simulated)
    earlier = dict(seen.order_by("-id").values_list("stimulus_id", "explanation_id"))
    predictions = {stimulus.prediction_id: stimulus.pk for stimulus in stimuli}
    candidates = Explanation.objects.filter(prediction__in=predictions, method=arm.method)
    chosen: dict[int, Explanation] = {}
    for explanation in candidates.order_by("id"):
        stimulus = predictions[explanation.prediction_id]
        if earlier.get(stimulus) in (None, explanation.pk):
            chosen[stimulus] = explanation
    return chosen
