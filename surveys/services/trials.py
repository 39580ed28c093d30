"""The trials of a participant: which images, under which condition, in which order."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from django.db.models import QuerySet

from explanations.imagesets.dice import Dice
from explanations.models import Explanation
from surveys import tasks
from surveys.allocation.shuffling import shuffled
from surveys.models import Arm, ArmBlock, Condition, Participant, Stimulus, Study, Trial, TrialMap
from surveys.services.image_draws import Draws, draws_of
from surveys.services.map_pairs import map_pairs
from surveys.study_file.declaration import StudyFile
from surveys.study_file.parts import TrialsPart
from surveys.study_file.stored import definition

ALGORITHM = "trial-order-1"  # part of every seed, because another algorithm would give other orders

MAP_ORDER = "map-order-1"


def next_rotation(participant: Participant, arm: Arm) -> int:
    """Return the image set for the first block, which is the set that the arm's participants had
    least often.

    Call it under the allocation's lock.
    """
    declared = definition(participant.study)
    if declared.image_sets == 1:
        return 0
    others = arm.participants.filter(simulated=participant.simulated).exclude(pk=participant.pk)
    used = list(others.values_list("rotation", flat=True))
    return min(range(declared.image_sets), key=lambda rotation: (used.count(rotation), rotation))


def create_trials(participant: Participant, arm: Arm, place: int, image_rank: int) -> None:
    """Create all trials of a participant who has just been given an arm and a rotation.

    ``place`` is the participant's rank in the allocation and determines the order. ``image_rank``
    determines the images that are drawn from pools. Call it under the allocation's lock.
    """
    study = participant.study
    declared = definition(study)
    pool = list(_stimuli(study).order_by("position"))
    blocks = list(arm.blocks.select_related("condition").order_by("number"))
    for block in blocks:
        block.condition.study = study  # which would be read again for each block
    draws = draws_of(participant, declared, pool, blocks, image_rank)
    shown_in = {
        block.number: _of_block(declared, pool, draws, participant, block, place)
        for block in blocks
    }
    # Only the person's own images, because a pool can have many more.
    keys = {stimulus.pk for shown in shown_in.values() for _, stimulus in shown}
    stimuli = [stimulus for stimulus in pool if stimulus.pk in keys]
    positions = _positions(declared)
    mapless = {
        part.key for part in declared.trial_parts if part.compare or tasks.get(part.task).uncovers
    }
    trials: list[Trial] = []
    beside: list[TrialMap] = []
    for block in blocks:
        images = [stimulus for _, stimulus in shown_in[block.number]]
        shown = explanations_of(block.condition, images, simulated=participant.simulated)
        several = maps_of_classes(block.condition, images, simulated=participant.simulated)
        for part, stimulus in shown_in[block.number]:
            trials.append(
                Trial(
                    participant=participant,
                    position=next(positions[part, block.number]),
                    stimulus=stimulus,
                    explanation=None if part in mapless else shown.get(stimulus.pk),
                    block=block.number,
                    condition=block.condition,
                )
            )
            beside += _in_places(trials[-1], several.get(stimulus.pk, ()), place)
    beside += _compared(participant, declared, trials, stimuli, place)
    # The maps come second, since they refer to the trials' primary keys.
    Trial.objects.bulk_create(trials)
    TrialMap.objects.bulk_create(beside)


def explanations_of(
    condition: Condition, stimuli: Sequence[Stimulus], *, simulated: bool
) -> dict[int, Explanation]:
    """Return the explanation by the stimulus's primary key. Empty for a condition without a method.

    It is the map that earlier participants saw under the condition, otherwise the newest: a map
    that is recomputed while a study runs must not change what the study shows.
    """
    if not condition.method:
        return {}
    predictions = {stimulus.prediction_id: stimulus.pk for stimulus in stimuli}
    candidates = Explanation.objects.filter(
        prediction__in=predictions, method=condition.method, other_class=""
    )
    # Separate for simulated participants: a rehearsal must not fix what real ones see.
    seen = Trial.objects.filter(
        condition=condition,
        participant__simulated=simulated,
        stimulus__in=list(predictions.values()),
    )
    chosen = _as_seen(candidates, seen)
    return {predictions[prediction]: explanation for (prediction, _), explanation in chosen.items()}


def classes_of(study: Study, stimuli: Sequence[Stimulus]) -> dict[int, int]:
    """Return how many classes' maps each prediction is shown with, by the prediction's primary key.

    Only predictions that are shown with maps of several classes are included.
    """
    parts = definition(study).trial_parts
    counts = {part.key: tasks.get(part.task).classes for part in parts}
    return {
        stimulus.prediction_id: counts[stimulus.part]
        for stimulus in stimuli
        if counts[stimulus.part] > 1
    }


def other_classes_of(
    study: Study, stimuli: Sequence[Stimulus], *, simulated: bool
) -> dict[int, tuple[str, ...]]:
    """Return, by the prediction's primary key, the classes to show next to the predicted class.

    They are the next likeliest classes whose map is empty by no method of the study, the same in
    every condition: only the map of a class that was not predicted can be empty by Grad-CAM, so
    that an empty map would give the answer away. An image for which earlier participants saw other
    classes keeps those. Fewer classes are returned where not enough maps are left.
    """
    counts = classes_of(study, stimuli)
    methods = study.conditions.exclude(method="").values_list("method", flat=True)
    empty = set(
        Explanation.objects.filter(
            prediction__in=counts, method__in=list(methods), diagnostics__empty=True
        )
        .exclude(other_class="")
        .values_list("prediction", "other_class")
    )
    seen: dict[int, set[str]] = defaultdict(set)
    if empty:  # otherwise every participant saw the likeliest classes
        before = TrialMap.objects.filter(
            trial__participant__study=study,
            trial__participant__simulated=simulated,
            explanation__prediction__in=counts,
        ).exclude(explanation__other_class="")
        for key, name in before.order_by().values_list(
            "explanation__prediction", "explanation__other_class"
        ):
            seen[key].add(name)
    others: dict[int, tuple[str, ...]] = {}
    for stimulus in stimuli:
        prediction, wanted = stimulus.prediction, counts.get(stimulus.prediction_id, 1) - 1
        if not wanted:
            continue
        _, *ranked = prediction.likeliest(len(prediction.classifier.class_names))
        kept = seen[prediction.pk] if len(seen[prediction.pk]) == wanted else None
        others[prediction.pk] = tuple(
            name
            for name in ranked
            if (name in kept if kept else (prediction.pk, name) not in empty)
        )[:wanted]
    return others


def explained_classes(study: Study, stimuli: Sequence[Stimulus]) -> dict[int, int]:
    """Return, by the prediction's primary key, how many of its likeliest classes need maps, so that
    enough of them are not empty.
    """
    counts = classes_of(study, stimuli)
    others = other_classes_of(study, stimuli, simulated=False)
    needed: dict[int, int] = {}
    for stimulus in stimuli:
        if stimulus.prediction_id in counts:
            ranked = stimulus.prediction.likeliest(len(stimulus.prediction.classifier.class_names))
            shown = others[stimulus.prediction_id]
            places = [ranked.index(name) + 1 for name in shown]
            needed[stimulus.prediction_id] = max([counts[stimulus.prediction_id], *places])
    return needed


def maps_of_classes(
    condition: Condition, stimuli: Sequence[Stimulus], *, simulated: bool
) -> dict[int, tuple[Explanation, ...]]:
    """Return the maps of the predicted class and of ``other_classes_of`` by the stimulus's primary
    key, the predicted class first.

    Only stimuli that are shown with several maps are included, and only if all of these maps exist.
    The maps are chosen as in ``explanations_of``.
    """
    counts = classes_of(condition.study, stimuli)
    if not condition.method or not counts:
        return {}
    with_several = [stimulus for stimulus in stimuli if stimulus.prediction_id in counts]
    predicted = explanations_of(condition, with_several, simulated=simulated)
    candidates = Explanation.objects.filter(prediction__in=counts, method=condition.method)
    seen = TrialMap.objects.filter(
        trial__condition=condition, trial__participant__simulated=simulated
    )
    others = _as_seen(candidates.exclude(other_class=""), seen)
    classes = other_classes_of(condition.study, with_several, simulated=simulated)
    maps_by_stimulus: dict[int, tuple[Explanation, ...]] = {}
    for stimulus in with_several:
        count = counts[stimulus.prediction_id]
        other_classes = classes[stimulus.prediction_id]
        other_maps = [others.get((stimulus.prediction_id, name)) for name in other_classes]
        available = tuple(filter(None, [predicted.get(stimulus.pk), *other_maps]))
        if len(available) == count:  # a choice among fewer maps would be a different task
            maps_by_stimulus[stimulus.pk] = available
    return maps_by_stimulus


def compared_maps(
    study: Study, part: TrialsPart, stimuli: Sequence[Stimulus], *, simulated: bool
) -> dict[str, dict[int, Explanation]]:
    """Return the maps to compare by condition and by the stimulus's primary key.

    The maps are chosen as in ``explanations_of``.
    """
    predictions = {
        stimulus.prediction_id: stimulus.pk for stimulus in stimuli if stimulus.part == part.key
    }
    seen = TrialMap.objects.filter(
        trial__participant__study=study, trial__participant__simulated=simulated
    )
    maps: dict[str, dict[int, Explanation]] = {}
    for condition in study.conditions.filter(key__in=part.compare):
        candidates = Explanation.objects.filter(
            prediction__in=predictions, method=condition.method, other_class=""
        )
        maps[condition.key] = {
            predictions[prediction]: explanation
            for (prediction, _), explanation in _as_seen(candidates, seen).items()
        }
    return maps


def _compared(
    participant: Participant,
    declared: StudyFile,
    trials: Sequence[Trial],
    stimuli: Sequence[Stimulus],
    place: int,
) -> list[TrialMap]:
    """Return the maps of the trials that compare the maps of two conditions."""
    study, simulated = participant.study, participant.simulated
    chosen: list[TrialMap] = []
    for part in declared.trial_parts:
        if not part.compare:
            continue
        maps = compared_maps(study, part, stimuli, simulated=simulated)
        seed = (study.seed, int(simulated), place, part.key)
        pairs = map_pairs(part.compare, seed)
        for trial in trials:
            if trial.stimulus.part != part.key:
                continue
            pair = next(pairs)
            shown = [maps[condition].get(trial.stimulus_id) for condition in pair]
            chosen += [
                TrialMap(trial=trial, place=number, explanation=explanation)
                for number, explanation in enumerate(shown, start=1)
                if explanation is not None and None not in shown
            ]
    return chosen


def _stimuli(study: Study) -> QuerySet[Stimulus]:
    """Return the study's stimuli. Class probabilities are loaded only for several maps."""
    declared = definition(study)
    stimuli = study.stimuli.select_related("prediction")
    if declared.draws_images:  # draws are balanced over the true classes
        stimuli = stimuli.select_related("prediction__image")
    if any(tasks.get(part.task).classes > 1 for part in declared.trial_parts):
        return stimuli.select_related("prediction__classifier")
    return stimuli.defer("prediction__probabilities")


def _as_seen(
    candidates: QuerySet[Explanation], seen: QuerySet[Trial] | QuerySet[TrialMap]
) -> Mapping[tuple[int, str], Explanation]:
    """Return, by prediction and other class, the map seen before, else the newest candidate."""
    before = set(seen.order_by().values_list("explanation_id", flat=True).distinct())
    chosen: dict[tuple[int, str], Explanation] = {}
    notes = ("parameters", "diagnostics", "provenance")  # large and not needed here
    for explanation in candidates.defer(*notes).order_by("id"):
        key = (explanation.prediction_id, explanation.other_class)
        if key not in chosen or chosen[key].pk not in before:
            chosen[key] = explanation
    return chosen


def _in_places(trial: Trial, maps: Sequence[Explanation], place: int) -> list[TrialMap]:
    """Return the trial's maps in an order of the participant's own."""
    person, stimulus = trial.participant, trial.stimulus
    seed = (person.study.seed, int(person.simulated), place, stimulus.position)
    order = shuffled(maps, Dice(MAP_ORDER, *seed))
    return [
        TrialMap(trial=trial, place=number, explanation=explanation)
        for number, explanation in enumerate(order, start=1)
    ]


def _positions(declared: StudyFile) -> Mapping[tuple[str, int], Iterator[int]]:
    """Return, by part and block, the positions of its trials in the whole sequence of pages."""
    positions: dict[tuple[str, int], list[int]] = defaultdict(list)
    for step in declared.steps:
        place = positions[step.part, step.block]
        if step.trial_position is not None and step.trial_position not in place:
            place.append(step.trial_position)
    return {key: iter(places) for key, places in positions.items()}


def _of_block(
    declared: StudyFile,
    stimuli: Sequence[Stimulus],
    draws: Draws,
    participant: Participant,
    block: ArmBlock,
    place: int,
) -> list[tuple[str, Stimulus]]:
    """Return the block's stimuli with their parts' keys.

    Image sets rotate over blocks as in a Latin square; images of a pool were drawn for the person.
    Parts that the block's condition does not show are left out.
    """
    wanted = (participant.rotation + block.number - 1) % declared.image_sets
    # Part and block are in the seed, so that each block has an order of its own.
    stimuli_of_parts: list[tuple[str, Stimulus]] = []
    for part in declared.trial_parts:
        if not part.is_in(block.condition.key):
            continue
        part_stimuli: Sequence[Stimulus] = draws.get((part.key, block.number)) or [
            stimulus
            for stimulus in stimuli
            if stimulus.part == part.key and stimulus.image_set_number == wanted
        ]
        seed = (participant.study.seed, int(participant.simulated), place, part.key, block.number)
        stimuli_of_parts += [
            (part.key, stimulus)
            for stimulus in _in_order(part, part_stimuli, Dice(ALGORITHM, *seed))
        ]
    return stimuli_of_parts


def _in_order(part: TrialsPart, stimuli: Sequence[Stimulus], dice: Dice) -> list[Stimulus]:
    """Return the stimuli in random order, starting with ``first_right`` correct predictions."""
    order = shuffled(stimuli, dice)
    right = [stimulus for stimulus in order if stimulus.prediction.is_correct]
    first = right[: part.first_right]
    return [*first, *(stimulus for stimulus in order if stimulus not in first)]
