"""Which maps belong to which predictions: what is to be computed, under which hash."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from explanations.background import Background
from explanations.catalogue import Method
from explanations.classifier.checkpoint import Classifier
from explanations.engine import in_precision
from explanations.importing import BACKGROUND
from explanations.methods.protocol import Explainer, image_seed, parameters_of
from explanations.models import Prediction
from explanations.predicting import PrecomputeError, stored_pixels
from explanations.store import artefact_key


@dataclass(frozen=True, eq=False)
class Job:
    """One map to be computed."""

    method: Method
    explainer: Explainer
    prediction: Prediction
    target: int
    background: Background | None
    key: str

    @property
    def seed(self) -> int:
        return image_seed(self.prediction.image.sha256, self.method.key)


class _Backgrounds:
    """The background of each image set, read once; None where no method needs one."""

    def __init__(self, predictions: Sequence[Prediction], methods: Sequence[Method]) -> None:
        needing = next((method for method in methods if method.needs_background), None)
        sets = {prediction.image.image_set_id: prediction for prediction in predictions}
        self._found = {
            number: _background(prediction, needing) if needing else None
            for number, prediction in sets.items()
        }

    def of(self, prediction: Prediction) -> Background | None:
        return self._found[prediction.image.image_set_id]


def jobs_of(
    classifier: Classifier,
    predictions: Sequence[Prediction],
    methods: Sequence[Method],
    precision: str,
) -> Iterator[Job]:
    """Every (prediction, method), image by image.

    Raises PrecomputeError when a method needs a background and the image set has none.
    """
    backgrounds = _Backgrounds(predictions, methods)
    explainers = [in_precision(method.explainer(), precision) for method in methods]
    for prediction in predictions:
        target = classifier.class_names.index(prediction.predicted_class)
        background = backgrounds.of(prediction)
        for method, explainer in zip(methods, explainers, strict=True):
            compared = background if method.needs_background else None
            key = artefact_key(
                weights=classifier.sha256,
                image=prediction.image.sha256,
                target=target,
                method=method.key,
                parameters=parameters_of(explainer),
                version=explainer.version,
                background=compared.sha256 if compared else "",
            )
            yield Job(method, explainer, prediction, target, compared, key)


def batches(jobs: Sequence[Job], at_once: int) -> Iterator[list[Job]]:
    """Jobs of at most ``at_once`` neighbouring images that miss the same methods of one set."""
    of_image = [list(group) for _, group in groupby(jobs, lambda job: job.prediction.pk)]

    def alike(image: list[Job]) -> tuple[Any, ...]:
        return (
            image[0].prediction.image.image_set_id,
            tuple(job.method.key for job in image),
        )

    for _, group in groupby(of_image, alike):
        images = list(group)
        for first in range(0, len(images), at_once):
            yield [job for image in images[first : first + at_once] for job in image]


def _background(prediction: Prediction, method: Method) -> Background:
    image_set = prediction.image.image_set
    # By hash, since the order of the rows must not change the hash of the whole.
    images = image_set.images.filter(split=BACKGROUND).order_by("sha256")
    if not images:
        raise PrecomputeError(
            f"{method.label} compares with training images, and the image set {image_set.name!r} "
            "has none. Import it from data with a train split, or leave the method out: "
            "--methods gradcam,saliency,integrated_gradients,lime"
        )
    return Background(stored_pixels(images))
