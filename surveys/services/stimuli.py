"""The images that a study shows, with given numbers of correct and of wrong predictions over all
classes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, zip_longest

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from explanations.imagesets.dice import Dice
from explanations.models import Explanation, Prediction
from explanations.pipeline import pictures
from surveys import tasks
from surveys.allocation.shuffling import shuffled
from surveys.models import Stimulus, Study
from surveys.services.errors import StudyError
from surveys.services.locking import lock
from surveys.study_checks.images_and_weights import NamedImagesError, pool_of, shortage
from surveys.study_file.declaration import Images, StudyFile
from surveys.study_file.parts import TrialsPart
from surveys.study_file.stored import definition


def choose_stimuli(study: Study) -> list[Stimulus]:
    """Choose the study's stimuli from the stored predictions of its images by its classifier.

    They are from the images that the study file names, or from all of its set and split. They are
    drawn by the study's seed. Unless the study file declares ``balance = "none"``, every set of a
    part's images is balanced over the true classes: no class has two more images than another while
    it still has images. Within a class, the bands of confidence take turns. Every part has
    different images, in as many sets as are rotated. A second call returns the same stimuli. Raises
    StudyError if there are too few correct or wrong predictions.
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


def choose_stimuli_if_predicted(study: Study) -> None:
    """Choose the stimuli if the classifier has seen all images of which they are drawn, and there
    are enough. Otherwise change nothing."""
    with suppress(NamedImagesError, StudyError):
        pool = pool_of(definition(study), study.image_set)
        if not pool.exclude(predictions__classifier=study.classifier).exists():
            choose_stimuli(study)


def draw_pictures(study: Study) -> None:
    """Draw the pictures of the study's stimuli and of its example before participants arrive.

    Raises ArtefactError for missing or damaged files.
    """
    shown = Prediction.objects.filter(Q(stimulus__study=study) | Q(pk=study.example_id))
    methods = study.conditions.exclude(method="").values("method")
    maps = Explanation.objects.filter(prediction__in=shown, method__in=methods)
    pictures.draw_ahead(
        shown.select_related("image", "classifier").distinct(),
        maps.select_related("prediction__image", "prediction__classifier"),
    )
    for part in definition(study).trial_parts:
        if tasks.get(part.task).uncovers:
            blurred = shown.filter(stimulus__study=study, stimulus__part=part.key)
            pictures.draw_blurred_ahead(
                blurred.select_related("image", "classifier").distinct(), pictures.BLURS[part.blur]
            )


@dataclass(frozen=True)
class ClassDrawn:
    """Numbers of images of a class in a part, by whether the classifier is right about them."""

    part: str
    true_class: str
    right: int
    wrong: int


def classes_drawn(study: Study) -> list[ClassDrawn]:
    """Count the study's stimuli by part and true class, in the order of parts and class names.

    Classes of the classifier from which no image was drawn are included. Empty before the stimuli
    are chosen.
    """
    shown = study.stimuli.select_related("prediction__image")
    counts = Counter(
        (row.part, row.prediction.image.true_class, row.prediction.is_correct) for row in shown
    )
    parts = dict.fromkeys(row.part for row in shown)
    names = sorted({*study.classifier.class_names, *(name for _, name, _ in counts)})
    return [
        ClassDrawn(part, name, counts[part, name, True], counts[part, name, False])
        for part in parts
        for name in names
    ]


def _choose(study: Study) -> list[Stimulus]:
    declared = definition(study)
    try:
        pool = pool_of(declared, study.image_set)
    except NamedImagesError as error:
        raise StudyError(
            f"The study {study.slug!r} names images that cannot be used:\n{error}"
        ) from error
    predictions = list(
        Prediction.objects.filter(image__in=pool, classifier=study.classifier)
        .select_related("image")
        # Not by primary key, because another database must choose the same images.
        .order_by("image__sha256")
    )
    right = [prediction for prediction in predictions if prediction.is_correct]
    wrong = [prediction for prediction in predictions if not prediction.is_correct]
    if sentence := shortage(declared, len(right), len(wrong)):
        raise StudyError(f"The study {study.slug!r} has too few images: {sentence}")
    urn = _urn(declared.images, right, wrong, study.seed)
    return [
        Stimulus(study=study, prediction=prediction, part=part.key, image_set_number=number)
        for part in declared.trial_parts
        for number, right, wrong in _sets(declared, part)
        for prediction in urn.drawn(right, wrong)
    ]


def _sets(declared: StudyFile, part: TrialsPart) -> list[tuple[int, int, int]]:
    """Return the number and the right and wrong predictions of each image set of the part.

    A pool is a single set, from which each person's images are drawn at the allocation.
    """
    if declared.has_pool(part):
        return [(0, *declared.pool_of(part))]
    return [(number, part.right, part.wrong) for number in range(declared.image_sets)]


def draw(
    predictions: Sequence[Prediction], right: int, wrong: int, *, seed: int, balanced: bool
) -> list[Prediction]:
    """Draw right and wrong predictions as a study with this seed and one set of images would.

    ``balanced``: over the true classes. Raises StudyError if there are too few.
    """
    by_kind = {
        kind: [one for one in predictions if one.is_correct == kind] for kind in (True, False)
    }
    if len(by_kind[True]) < right or len(by_kind[False]) < wrong:
        raise StudyError(
            gettext(
                "%(right)d right and %(wrong)d wrong predictions are wanted, but only %(fit)d "
                "right and %(unfit)d wrong ones match. Ask for fewer, or widen the range of "
                "confidence."
            )
            % {
                "right": right,
                "wrong": wrong,
                "fit": len(by_kind[True]),
                "unfit": len(by_kind[False]),
            }
        )
    images = Images(set="", balance="classes" if balanced else "none")
    return list(_urn(images, by_kind[True], by_kind[False], seed).drawn(right, wrong))


@dataclass(frozen=True)
class _Urn:
    """The predictions that are left, by correctness and class, in the order of drawing.

    ``classes`` are in random order, which decides between classes that are equal otherwise.
    """

    classes: Sequence[str]
    left: Mapping[bool, Mapping[str, list[Prediction]]]
    taken: Counter[tuple[bool, str]] = field(default_factory=Counter)

    def drawn(self, right: int, wrong: int) -> Iterator[Prediction]:
        """Take one set of images, whose right and wrong predictions are balanced together."""
        counts: Counter[str] = Counter()
        # Wrong predictions are scarcer, so the right ones fill what they leave.
        kinds = [False] * wrong + [True] * right
        chosen = [self._take(correct, counts) for correct in kinds]
        return chain(chosen[wrong:], chosen[:wrong])

    def _take(self, correct: bool, counts: Counter[str]) -> Prediction:
        def rank(name: str) -> tuple[int, bool, int, int]:
            return (
                counts[name],
                bool(self.left[not correct][name]),  # only this kind can fill such a class's place
                self.taken[correct, name],
                self.taken[not correct, name],
            )

        name = min((name for name in self.classes if self.left[correct][name]), key=rank)
        counts[name] += 1
        self.taken[correct, name] += 1
        return self.left[correct][name].pop(0)


def _urn(
    images: Images, right: Sequence[Prediction], wrong: Sequence[Prediction], seed: int
) -> _Urn:
    balanced = images.balance == "classes"
    by_class: dict[bool, dict[str, list[Prediction]]] = {}
    for correct, name, predictions in ((True, "right", right), (False, "wrong", wrong)):
        dice = Dice("stimuli", name, seed)
        band = _bands(predictions, images.confidence_bands)
        groups: dict[str, list[Prediction]] = defaultdict(list)
        for prediction in predictions:
            groups[prediction.image.true_class if balanced else ""].append(prediction)
        by_class[correct] = defaultdict(list) | {
            name: _alternating(groups[name], band, images.confidence_bands, first, dice)
            for first, name in enumerate(shuffled(sorted(groups), dice))
        }
    classes = sorted({*by_class[True], *by_class[False]})
    return _Urn(shuffled(classes, Dice("stimuli", "classes", seed)), by_class)


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
