"""The images that a study shows, with given numbers of correct and of wrong predictions over all
classes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, islice, zip_longest

from django.db import transaction

from explanations.imagesets.dice import Dice
from explanations.models import Prediction
from surveys.allocation.shuffling import shuffled
from surveys.models import Stimulus, Study
from surveys.services.errors import StudyError
from surveys.services.locking import lock
from surveys.study_checks.images_and_weights import shortage
from surveys.study_file.stored import definition


def choose_stimuli(study: Study) -> list[Stimulus]:
    """Choose the study's stimuli from the stored predictions of its set, split and classifier.

    They are drawn by the study's seed, from the true classes in turn, so that no class has two more
    than another while it still has images, and within a class from the bands of confidence in turn.
    Every part has different images, in as many sets as are rotated. A second call returns the same
    stimuli. Raises StudyError if there are too few correct or wrong predictions.
    """
    with transaction.atomic():
        locked = lock(study)
        chosen = list(locked.stimuli.select_related("prediction__image"))
        if chosen:  # under the lock, so that two runs cannot choose differently
            return chosen
        stimuli = _choose(locked)
        for position, stimulus in enumerate(stimuli, start=1):
            stimulus.position = position
        return Stimulus.objects.bulk_create(stimuli)


def _choose(study: Study) -> list[Stimulus]:
    declared = definition(study)
    predictions = list(
        Prediction.objects.filter(
            image__image_set=study.image_set,
            image__split=declared.images.split,
            classifier=study.classifier,
        )
        .select_related("image")
        # Not by primary key, because another database must choose the same images.
        .order_by("image__sha256")
    )
    right = [prediction for prediction in predictions if prediction.is_correct]
    wrong = [prediction for prediction in predictions if not prediction.is_correct]
    if sentence := shortage(declared, len(right), len(wrong)):
        raise StudyError(f"The study {study.slug!r} has too few images: {sentence}")
    bands, sets = declared.images.confidence_bands, declared.image_sets
    drawn = [
        iter(
            _in_turn(
                candidates,
                sum(getattr(part, name) for part in declared.trial_parts) * sets,
                bands,
                Dice("stimuli", name, study.seed),
            )
        )
        for name, candidates in (("right", right), ("wrong", wrong))
    ]
    return [
        Stimulus(study=study, prediction=prediction, part=part.key, image_set_number=number)
        for part in declared.trial_parts
        for number in range(sets)
        for queue, count in zip(drawn, (part.right, part.wrong), strict=True)
        for prediction in islice(queue, count)
    ]


def _in_turn(
    predictions: Sequence[Prediction], count: int, bands: int, dice: Dice
) -> list[Prediction]:
    """Return ``count`` predictions, from the true classes in turn, both in random order."""
    band = _bands(predictions, bands)
    by_class: dict[str, list[Prediction]] = defaultdict(list)
    for prediction in predictions:
        by_class[prediction.image.true_class].append(prediction)
    classes = shuffled(sorted(by_class), dice)
    queues = [_alternating(by_class[name], band, bands, n, dice) for n, name in enumerate(classes)]
    return list(islice(filter(None, chain(*zip_longest(*queues))), count))


def _alternating(
    predictions: Sequence[Prediction], band: Mapping[int, int], bands: int, first: int, dice: Dice
) -> list[Prediction]:
    """Return the predictions of a class, from the bands of confidence in turn, starting at
    ``first``.
    """
    mixed = shuffled(predictions, dice)
    queues = [
        [prediction for prediction in mixed if band[prediction.pk] == (first + shift) % bands]
        for shift in range(bands)
    ]
    return list(filter(None, chain(*zip_longest(*queues))))


def _bands(predictions: Sequence[Prediction], bands: int) -> dict[int, int]:
    """Return each prediction's band, of bands of the same size, from 0 for the least confident."""
    order = sorted(
        predictions,
        key=lambda prediction: (prediction.probability, prediction.image.sha256),
    )
    return {prediction.pk: rank * bands // len(order) for rank, prediction in enumerate(order)}
