"""Accuracy of a classifier, in the figures of the report."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from explanations.classifier.by_group import (
    GroupFigures,
    ReliabilityBin,
    by_class,
    by_group,
    calibration_error,
    reliability,
)
from explanations.classifier.checkpoint import Classifier


@dataclass(frozen=True)
class Evaluation:
    """Figures on one split. Precision, recall and F1 are macro averages over the classes.

    ``confusion[i][j]`` counts images of class i that were predicted as class j; ``loss`` is the
    mean cross entropy in nats.
    """

    images: int
    accuracy: float
    loss: float
    precision: float
    recall: float
    f1: float
    confusion: list[list[int]]
    by_class: list[GroupFigures]
    """Recall, precision, confidence and calibration of each class; empty for a single class."""
    by_group: list[GroupFigures]
    """The same of each group in the manifest of the images; empty without groups."""
    calibration_error: float
    """Expected calibration error over all images."""
    reliability: list[ReliabilityBin]
    """Bins of the reliability diagram that contain images."""

    def as_dict(self) -> dict[str, Any]:
        """Return the figures by name."""
        return asdict(self)


def evaluate(
    classifier: Classifier,
    images: "np.ndarray[Any, np.dtype[np.uint8]]",
    labels: "np.ndarray[Any, np.dtype[np.int64]]",
    groups: Sequence[str] = (),
) -> Evaluation:
    """Evaluate on uint8 images (n, size, size, 3) with labels (n,), in full float32.

    ``groups`` name the group of each image, with an empty text for an image without one.
    """
    if len(images) == 0:
        raise ValueError("The list of images is empty. Give at least one image.")
    return score(classifier.probabilities(images), labels, classifier.class_names, groups)


def score(
    probabilities: "np.ndarray[Any, np.dtype[np.float32]]",
    labels: "np.ndarray[Any, np.dtype[np.int64]]",
    class_names: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> Evaluation:
    """Compute the figures of class probabilities (n, classes) against labels (n,).

    ``class_names`` name the classes of ``by_class``, by default by their numbers. Images whose
    entry in ``groups`` is empty are in no group.
    """
    names = class_names or [str(number) for number in range(probabilities.shape[1])]
    classes = np.arange(probabilities.shape[1])
    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, predicted, labels=classes, average="macro", zero_division=0
    )
    # float32 rows sum to 1 only within 1e-7, but log_loss requires an exact sum.
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    confidences, right = exact.max(axis=1), predicted == labels
    return Evaluation(
        images=len(labels),
        accuracy=float((predicted == labels).mean()),
        loss=float(log_loss(labels, exact, labels=classes)),
        precision=float(precision),
        recall=float(recall),
        f1=float(f1),
        confusion=confusion_matrix(labels, predicted, labels=classes).tolist(),
        by_class=by_class(exact, labels, names) if len(np.unique(labels)) > 1 else [],
        by_group=_by_group(exact, labels, groups),
        calibration_error=calibration_error(confidences, right),
        reliability=reliability(confidences, right),
    )


def _by_group(
    probabilities: "np.ndarray[Any, np.dtype[np.float64]]",
    labels: "np.ndarray[Any, np.dtype[np.int64]]",
    groups: Sequence[str],
) -> list[GroupFigures]:
    inside = np.array([bool(group) for group in groups], dtype=bool)
    named = [group for group in groups if group]
    if len(set(named)) < 2:
        return []
    return by_group(probabilities[inside], labels[inside], named)
