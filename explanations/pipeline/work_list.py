"""Work list of the maps to be computed for each prediction, with their keys."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any

from explanations.catalogue import Method, numbers_of
from explanations.classifier.checkpoint import Classifier
from explanations.engine import Engine, finds_its_layer, in_precision
from explanations.imagesets.background import Background
from explanations.methods.protocol import Explainer, image_seed, parameters_of
from explanations.models import Prediction
from explanations.pipeline.image_import import BACKGROUND
from explanations.pipeline.predictions import PrecomputeError, input_hash, inputs_of
from explanations.store.artefacts import artefact_key

PREDICTED_ALONE: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Job:
    """A map to be computed."""

    classifier: Classifier
    method: Method
    explainer: Explainer
    prediction: Prediction
    target: int
    """Number of the explained class."""
    other_class: str
    """Name of the explained class. Empty for the predicted class."""
    background: Background | None
    key: str

    @property
    def seed(self) -> int:
        """Return the seed of the map's random choices."""
        image = input_hash(self.classifier, self.prediction.image)
        return image_seed(image, numbers_of(self.method.key))


class _Backgrounds:
    """Background of each image set, read once. None if no method needs a background."""

    def __init__(
        self,
        classifier: Classifier,
        predictions: Sequence[Prediction],
        methods: Sequence[Method],
    ) -> None:
        needing = next((method for method in methods if method.needs_background), None)
        sets = {prediction.image.image_set_id: prediction for prediction in predictions}
        self._found = {
            number: _background(classifier, prediction, needing) if needing else None
            for number, prediction in sets.items()
        }

    def of(self, prediction: Prediction) -> Background | None:
        """Return the background of the prediction's image set."""
        return self._found[prediction.image.image_set_id]


def jobs_of(
    classifier: Classifier,
    predictions: Sequence[Prediction],
    methods: Sequence[Method],
    precision: str,
    classes: Mapping[int, int] = PREDICTED_ALONE,
) -> Iterator[Job]:
    """Yield a job for every prediction, class and method, image by image and class by class.

    ``classes`` gives, by the prediction's primary key, how many of its most probable classes are
    explained; the default is the predicted class only. Raises PrecomputeError if a method needs a
    background that the image set lacks, or if the classifier has fewer classes than requested, and
    PreflightError if the layer of a method cannot be found because the network cannot be explained.
    """
    backgrounds = _Backgrounds(classifier, predictions, methods)
    explainers = [in_precision(method.explainer(), precision) for method in methods]
    keyed = _parameters_in_keys(classifier, explainers)
    for prediction in predictions:
        background = backgrounds.of(prediction)
        for name in _explained(classifier, prediction, classes.get(prediction.pk, 1)):
            target = classifier.class_names.index(name)
            other = "" if name == prediction.predicted_class else name
            for method, explainer, parameters in zip(methods, explainers, keyed, strict=True):
                # Only methods that use the background have it in their key, so that other maps
                # survive a new one.
                compared = background if method.needs_background else None
                key = artefact_key(
                    weights=classifier.sha256,
                    image=prediction.image.sha256,
                    target=target,
                    method=method.key,
                    parameters=parameters,
                    version=explainer.version,
                    background=compared.sha256 if compared else "",
                )
                yield Job(classifier, method, explainer, prediction, target, other, compared, key)


def _parameters_in_keys(
    classifier: Classifier, explainers: Sequence[Explainer]
) -> list[dict[str, Any]]:
    """Return the parameters of each method that belong in the keys of its maps."""
    if not any(finds_its_layer(explainer) for explainer in explainers):
        return [parameters_of(explainer) for explainer in explainers]  # no network is prepared
    engine = Engine(classifier)
    return [engine.key_parameters(explainer) for explainer in explainers]


def _explained(classifier: Classifier, prediction: Prediction, count: int) -> tuple[str, ...]:
    if count > len(classifier.class_names):
        raise PrecomputeError(
            f"Maps of {count} classes are requested, but the classifier has only "
            f"{len(classifier.class_names)}: {', '.join(classifier.class_names)}. "
            "Request fewer classes."
        )
    return prediction.likeliest(count)


def unit_of(job: Job) -> tuple[int, int]:
    """Return the image and class for which all methods are computed together."""
    return job.prediction.pk, job.target


def batches(jobs: Sequence[Job], at_once: int) -> Iterator[list[Job]]:
    """Yield jobs of at most ``at_once`` units that lack the same methods in one image set.

    A unit is an image with one class. Each class of an image is computed separately, so that its
    numbers do not depend on the other classes that are requested.
    """
    of_image = [list(group) for _, group in groupby(jobs, unit_of)]

    def alike(image: list[Job]) -> tuple[Any, ...]:
        return (
            image[0].prediction.image.image_set_id,
            tuple(job.method.key for job in image),
        )

    for _, group in groupby(of_image, alike):
        images = list(group)
        for first in range(0, len(images), at_once):
            yield [job for image in images[first : first + at_once] for job in image]


def _background(classifier: Classifier, prediction: Prediction, method: Method) -> Background:
    image_set = prediction.image.image_set
    # Sorted by hash, because the order of the rows must not change the background's hash.
    images = image_set.images.filter(split=BACKGROUND).order_by("sha256")
    if not images:
        raise PrecomputeError(
            f"{method.label} compares with training images, but the image set {image_set.name!r} "
            "has none. Import the same images again from data that also have a split 'train', "
            "which adds the training images, or use methods that need none, such as gradcam, "
            "saliency, integrated_gradients or lime."
        )
    return Background(inputs_of(classifier, images))
