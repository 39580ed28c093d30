"""Predictions for stored images, computed once per image and in batches."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explanations.classifier.admission import refuse_changed_network
from explanations.classifier.checkpoint import Classifier
from explanations.imagesets.decoding import content_hash
from explanations.imagesets.input_rule import InputRule
from explanations.models import ClassifierWeights, Prediction, StudyImage
from explanations.pipeline.data_folder import image_store
from explanations.pipeline.weights_registry import weights_path

AT_ONCE = 512
"""Images that are read and predicted together: a multiple of the classifier's batches."""


class PrecomputeError(ValueError):
    """A request that cannot be computed. The message names the cure."""


def load_classifier(weights: ClassifierWeights, device: str) -> Classifier:
    """Load a registered classifier.

    Raises RegistryError or CheckpointError if its file is damaged, or if the package that builds
    its network has changed.
    """
    classifier = Classifier.load(weights_path(weights), device)
    if probe := weights.card.get("network", {}).get("probe"):
        refuse_changed_network(classifier, probe)
    return classifier


def predict(
    classifier: Classifier, weights: ClassifierWeights, images: Sequence[StudyImage]
) -> list[Prediction]:
    """Return the predictions of all images, in their order. Missing predictions are computed and
    stored.

    Each image becomes the classifier's input by the classifier's own rule. Raises PrecomputeError
    if there are no images, or if their classes do not fit.
    """
    _check(weights, images)
    known = _known(weights, images)
    missing = [image for image in images if image.pk not in known]
    if missing:
        probabilities = _probabilities(classifier, missing)
        Prediction.objects.bulk_create(
            (
                _prediction(image, weights, row)
                for image, row in zip(missing, probabilities, strict=True)
            ),
            batch_size=500,
            # Another command may have stored the same prediction meanwhile.
            ignore_conflicts=True,
        )
        known = _known(weights, images)
    return [known[image.pk] for image in images]


def inputs_of(classifier: Classifier, images: Iterable[StudyImage]) -> NDArray[np.uint8]:
    """Read images of any size and derive the classifier's input, uint8 (n, size, size, 3).

    Raises ArtefactError if a file is damaged.
    """
    store = image_store()
    return np.stack([classifier.input_of(store.read(image.sha256)) for image in images])


def input_hash(classifier: Classifier, image: StudyImage) -> str:
    """Return the content hash of the input derived from an image, which seeds random choices."""
    if classifier.input_rule.is_identity(image.height, image.width):
        return image.sha256
    return _input_hash(classifier.input_rule, image.sha256)


@lru_cache(maxsize=10_000)
def _input_hash(rule: InputRule, sha256: str) -> str:
    return content_hash(rule.apply(image_store().read(sha256)))


def _probabilities(classifier: Classifier, images: Sequence[StudyImage]) -> NDArray[np.float32]:
    # In portions, because the inputs of thousands of photographs would not fit into memory.
    return np.concatenate(
        [
            classifier.probabilities(inputs_of(classifier, images[first : first + AT_ONCE]))
            for first in range(0, len(images), AT_ONCE)
        ]
    )


def _known(weights: ClassifierWeights, images: Sequence[StudyImage]) -> dict[int, Prediction]:
    # Filtered by image set, not by image, because databases limit the length of a list in a query.
    sets = {image.image_set_id for image in images}
    rows = Prediction.objects.filter(classifier=weights, image__image_set__in=sets)
    return {row.image_id: row for row in rows.select_related("image__image_set", "classifier")}


def _prediction(
    image: StudyImage, weights: ClassifierWeights, probabilities: NDArray[np.float32]
) -> Prediction:
    best = int(probabilities.argmax())
    predicted = weights.class_names[best]
    return Prediction(
        image=image,
        classifier=weights,
        predicted_class=predicted,
        # A softmax in float32 may exceed 1 by a rounding error.
        probability=min(1.0, float(probabilities[best])),
        probabilities=[float(value) for value in probabilities],
        is_correct=predicted == image.true_class,
    )


def _check(weights: ClassifierWeights, images: Sequence[StudyImage]) -> None:
    if not images:
        raise PrecomputeError(
            "There are no images to explain. Import images first: "
            "manage.py import_images --data scenes --split test --limit 200"
        )
    check_classes(weights.name, weights.class_names, images)


def check_classes(name: str, class_names: Sequence[str], images: Iterable[StudyImage]) -> None:
    """Raise PrecomputeError if the images of a set have other classes than the classifier."""
    for image_set in {image.image_set for image in images}:
        # The order may differ, because predictions are stored by name.
        if sorted(image_set.class_names) != sorted(class_names):
            raise PrecomputeError(
                f"The classifier {name} has the classes {', '.join(class_names)}, "
                f"but the images of {image_set.name!r} have the classes "
                f"{', '.join(image_set.class_names)}. Choose weights that were trained on these "
                "classes."
            )
