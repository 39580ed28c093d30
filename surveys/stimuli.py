"""The images that a study shows: so many right and so many wrong predictions, over all classes."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, islice, zip_longest

from django.db import transaction

from explanations.imagesets.dice import Dice
from explanations.models import Prediction
from surveys import allocation
from surveys.models import Stimulus, Study
from surveys.services.errors import StudyError
from surveys.studyfile import Images, definition


def choose_stimuli(study: Study) -> list[Stimulus]:
    """Choose the study's stimuli from the stored predictions of its set, split and classifier.

    Drawn by the study's seed, from the true classes in turn, so that no class has two more than
    another while it still has images. Called again, it returns what was chosen. Raises StudyError
    when there are fewer right or wrong predictions than the study shows.
    """
    with transaction.atomic():
        locked = allocation.lock(study)
        chosen = list(locked.stimuli.select_related("prediction__image"))
        if chosen:
            return chosen
        predictions = _choose(locked)
        return Stimulus.objects.bulk_create(
            Stimulus(study=locked, position=position, prediction=prediction)
            for position, prediction in enumerate(predictions, start=1)
        )


def _choose(study: Study) -> list[Prediction]:
    images = definition(study).images
    predictions = list(
        Prediction.objects.filter(
            image__image_set=study.image_set,
            image__split=images.split,
            classifier=study.classifier,
        )
        .select_related("image")
        # Not by primary key: another database must choose the same images.
        .order_by("image__sha256")
    )
    right = [prediction for prediction in predictions if prediction.is_correct]
    wrong = [prediction for prediction in predictions if not prediction.is_correct]
    _check_enough(study, images, len(right), len(wrong))
    return [
        *_in_turn(right, images.right, Dice("stimuli", "right", study.seed)),
        *_in_turn(wrong, images.wrong, Dice("stimuli", "wrong", study.seed)),
    ]


def _in_turn(predictions: Sequence[Prediction], count: int, dice: Dice) -> list[Prediction]:
    """``count`` of them, one true class after the other, classes and images in random order."""
    by_class: dict[str, list[Prediction]] = defaultdict(list)
    for prediction in predictions:
        by_class[prediction.image.true_class].append(prediction)
    classes = allocation.shuffled(sorted(by_class), dice)
    queues = [allocation.shuffled(by_class[name], dice) for name in classes]
    return list(islice(filter(None, chain(*zip_longest(*queues))), count))


def _check_enough(study: Study, images: Images, right: int, wrong: int) -> None:
    if right >= images.right and wrong >= images.wrong:
        return
    raise StudyError(
        f"The study {study.slug!r} shows {images.right} right and {images.wrong} wrong "
        f"predictions. Its classifier gives {right} right and {wrong} wrong ones on the stored "
        f"images of {images.set!r}, split {images.split!r}. Import more images (manage.py "
        f"import_images --data {images.set} --split {images.split}, with a larger --limit) and run "
        "manage.py precompute_explanations again, or ask for fewer under [images]."
    )
