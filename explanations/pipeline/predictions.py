"""Predictions for stored images, computed once per image and in batches."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from explanations.classifier.checkpoint import Classifier
from explanations.classifier.network import IMAGE_SIZE
from explanations.models import ClassifierWeights, Prediction, StudyImage
from explanations.pipeline.data_folder import image_store
from explanations.pipeline.weights_registry import weights_path

SQUARE = (IMAGE_SIZE, IMAGE_SIZE)


class PrecomputeError(ValueError):
    """A request that cannot be computed. The message names the cure."""


def load_classifier(weights: ClassifierWeights, device: str) -> Classifier:
    """Load a registered classifier.

    Raises RegistryError or CheckpointError if its file is damaged.
    """
    return Classifier.load(weights_path(weights), device)


def predict(
    classifier: Classifier, weights: ClassifierWeights, images: Sequence[StudyImage]
) -> list[Prediction]:
    """Return the predictions of all images, in their order. Missing predictions are computed and
    stored.

    Raises PrecomputeError if there are no images, or if their size or classes do not fit.
    """
    _check(weights, images)
    known = _known(weights, images)
    missing = [image for image in images if image.pk not in known]
    if missing:
        probabilities = classifier.probabilities(stored_pixels(missing))
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


def stored_pixels(images: Iterable[StudyImage]) -> NDArray[np.uint8]:
    """Read the pixels of images of one size, with shape (n, height, width, 3).

    Raises ArtefactError if a file is damaged.
    """
    store = image_store()
    return np.stack([store.read(image.sha256) for image in images])


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
    misfit = next((image for image in images if (image.width, image.height) != SQUARE), None)
    if misfit is not None:
        raise PrecomputeError(
            f"The classifier takes {IMAGE_SIZE}x{IMAGE_SIZE} images, but "
            f"{misfit.source} is {misfit.width}x{misfit.height}. "
            f"Import the images again with --size {IMAGE_SIZE} and another --name."
        )
    for image_set in {image.image_set for image in images}:
        # The order may differ, because predictions are stored by name.
        if sorted(image_set.class_names) != sorted(weights.class_names):
            raise PrecomputeError(
                f"The classifier {weights.name} has the classes {', '.join(weights.class_names)}, "
                f"but the images of {image_set.name!r} have the classes "
                f"{', '.join(image_set.class_names)}. Choose weights that were trained on these "
                "classes."
            )
