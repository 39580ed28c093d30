"""The trials of a participant: which images, under which condition, in which order."""

from collections.abc import Sequence

from explanations.imagesets.dice import Dice
from explanations.models import Explanation
from surveys.allocation.shuffling import shuffled
from surveys.models import Arm, Condition, Participant, Stimulus, Trial
from surveys.parts import TrialsPart
from surveys.studyfile import StudyFile, definition

ALGORITHM = "trial-order-1"  # part of every seed: another algorithm gives other orders


def create_trials(participant: Participant, arm: Arm, place: int) -> None:
    """Lay out all trials of a participant who was just put into the arm.

    ``place`` is the participant's place in the allocation and decides the order; the image set
    that the first block shows is the one that the arm's participants had least often. Call it
    under the allocation's lock.
    """
    study = participant.study
    declared = definition(study)
    if declared.images.per_arm:
        participant.rotation = arm.position - 1
    else:
        participant.rotation = _next_rotation(arm, participant, declared.image_sets)
    participant.save(update_fields=["rotation"])
    stimuli = list(study.stimuli.select_related("prediction").order_by("position"))
    trials: list[Trial] = []
    for block in arm.blocks.select_related("condition").order_by("number"):
        shown = explanations_of(block.condition, stimuli, simulated=participant.simulated)
        for stimulus in _of_block(declared, stimuli, participant, block.number, place):
            trials.append(
                Trial(
                    participant=participant,
                    position=len(trials) + 1,
                    stimulus=stimulus,
                    explanation=shown.get(stimulus.pk),
                    block=block.number,
                    condition=block.condition,
                )
            )
    Trial.objects.bulk_create(trials)


def explanations_of(
    condition: Condition, stimuli: Sequence[Stimulus], *, simulated: bool
) -> dict[int, Explanation]:
    """Explanation by the stimulus's primary key, empty for a condition without method.

    What earlier participants saw under the condition, else the newest: a map that is computed
    again while a study runs must not change what the study shows.
    """
    if not condition.method:
        return {}
    seen = Trial.objects.filter(condition=condition, participant__simulated=simulated)
    earlier = dict(seen.order_by("-id").values_list("stimulus_id", "explanation_id"))
    predictions = {stimulus.prediction_id: stimulus.pk for stimulus in stimuli}
    candidates = Explanation.objects.filter(prediction__in=predictions, method=condition.method)
    chosen: dict[int, Explanation] = {}
    for explanation in candidates.order_by("id"):
        stimulus = predictions[explanation.prediction_id]
        if earlier.get(stimulus) in (None, explanation.pk):
            chosen[stimulus] = explanation
    return chosen


def _next_rotation(arm: Arm, participant: Participant, sets: int) -> int:
    """The rotation that the arm's other participants of the kind have least often."""
    if sets == 1:
        return 0
    others = arm.participants.filter(simulated=participant.simulated).exclude(pk=participant.pk)
    used = list(others.values_list("rotation", flat=True))
    return min(range(sets), key=lambda rotation: (used.count(rotation), rotation))


def _of_block(
    declared: StudyFile,
    stimuli: Sequence[Stimulus],
    participant: Participant,
    block: int,
    place: int,
) -> list[Stimulus]:
    """The block's stimuli, part after part; sets are rotated over blocks as in a Latin square."""
    wanted = (participant.rotation + block - 1) % declared.image_sets
    found: list[Stimulus] = []
    for part in declared.trial_parts:
        own = [one for one in stimuli if one.part == part.key and one.image_set_number == wanted]
        seed = (participant.study.seed, int(participant.simulated), place, part.key, block)
        found += _in_order(part, own, Dice(ALGORITHM, *seed))
    return found


def _in_order(part: TrialsPart, stimuli: Sequence[Stimulus], dice: Dice) -> list[Stimulus]:
    """Random order, with ``first_right`` right predictions at its beginning."""
    order = shuffled(stimuli, dice)
    right = [stimulus for stimulus in order if stimulus.prediction.is_correct]
    first = right[: part.first_right]
    return [*first, *(stimulus for stimulus in order if stimulus not in first)]
