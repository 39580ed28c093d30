"""Registration of a classifier under a name, with a card of its quality on imported images."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from explanations.classifier.admission import probe_logits
from explanations.classifier.card import registered_card, write_card
from explanations.classifier.checkpoint import Classifier
from explanations.classifier.declaration import is_a_name
from explanations.classifier.evaluation import Evaluation, score
from explanations.classifier.figures import draw_evaluation
from explanations.models import ClassifierWeights, ImageSet
from explanations.pipeline.predictions import check_classes, predict
from explanations.pipeline.weights_registry import (
    RegistryError,
    register_classifier,
    weights_file,
)
from explanations.store.atomic_files import sha256_of_file, sync_folder


@dataclass(frozen=True)
class Registered:
    """A registered classifier, and how good it is on the images of a set, if one was named."""

    weights: ClassifierWeights
    evaluation: Evaluation | None

    def __str__(self) -> str:
        """Summarise what was registered and how to use it."""
        weights = self.weights
        line = (
            f"{weights.name}: {weights.architecture} with {len(weights.class_names)} classes, "
            f'{weights.rule}. Use it in a study file: [classifier] weights = "{weights.name}".'
        )
        if self.evaluation is None:
            return f"{line} No images were named (--data), so its card has no accuracy."
        warnings = "".join(
            f" Warning: {warning}" for warning in weights.card["data"].get("warnings", ())
        )
        return (
            f"{line} On {self.evaluation.images} images: accuracy {self.evaluation.accuracy:.1%}, "
            f"calibration error {self.evaluation.calibration_error:.3f}."
            f"{_no_better_than_chance(self.evaluation)}{warnings}"
        )


def _no_better_than_chance(evaluation: Evaluation) -> str:
    """Return a warning if a classifier that always names one class could be as accurate.

    That is, if a binomial test of the accuracy against the share of the most frequent class, with
    one side, has a p of at least .05.
    """
    share = max(sum(row) for row in evaluation.confusion) / evaluation.images
    right = round(evaluation.accuracy * evaluation.images)
    if binomtest(right, evaluation.images, share, alternative="greater").pvalue < 0.05:
        return ""
    return (
        " Warning: this is not better than always naming the most frequent class "
        f"({share:.1%} of these images). Check the order of the classes, the input size and the "
        "normalisation."
    )


def check_name(name: str) -> None:
    """Raise RegistryError if a classifier cannot have this name."""
    if not is_a_name(name):
        raise RegistryError(
            f"{name!r} cannot be the name of a classifier. Use up to 60 letters, digits, - and _, "
            "beginning with a letter or digit."
        )


def register(
    classifier: Classifier, name: str, image_set: ImageSet | None = None, split: str = "test"
) -> Registered:
    """Store a classifier in the data folder under a name, and evaluate it on a split of an imported
    set.

    Registering the same classifier again renews its card. Raises RegistryError if another
    classifier has the name, and PrecomputeError if the set has other classes or no images.
    """
    check_name(name)
    images = []
    if image_set is not None:
        images = list(image_set.images.filter(split=split).select_related("image_set"))
        if not images:
            raise RegistryError(
                f"The image set {image_set.name!r} has no images of the split {split!r}. Import "
                f"them: manage.py import_images --data … --name {image_set.name} --split {split}"
            )
        check_classes(name, classifier.class_names, images)
    path = weights_file(name)
    _store(classifier, path)
    card = registered_card(weights=path, classifier=classifier)
    if classifier.package:
        card["network"]["probe"] = probe_logits(classifier)
    write_card(card, path)
    weights = register_classifier(path)
    if image_set is None:
        return Registered(weights, None)
    predictions = predict(classifier, weights, images)
    evaluation = score(
        np.array([row.probabilities for row in predictions], dtype=np.float32),
        np.array([classifier.class_names.index(image.true_class) for image in images]),
        classifier.class_names,
        [image.group for image in images],
    )
    card["data"] = {"name": image_set.name, "test_images": len(images)}
    for name_of_entry in ("split_rule", "grey_window", "warnings"):
        if value := getattr(image_set, name_of_entry):
            card["data"][name_of_entry] = value
    card["evaluation"] = {split: evaluation.as_dict()}
    write_card(card, path)
    draw_evaluation(card["evaluation"][split], classifier.class_names, path)
    return Registered(register_classifier(path), evaluation)


def image_set_named(name: str) -> ImageSet:
    """Return an imported image set. RegistryError lists the imported sets."""
    image_set = ImageSet.objects.filter(name=name).first()
    if image_set is None:
        known = ", ".join(ImageSet.objects.values_list("name", flat=True)) or "none"
        raise RegistryError(
            f"No image set {name!r} is imported. Imported: {known}. Import one first: manage.py "
            f"import_images --data FOLDER --name {name}"
        )
    return image_set


def _store(classifier: Classifier, path: Path) -> None:
    """Write the weight file, which is never replaced by another: studies refer to its content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.stem}.") as folder:
        written = Path(folder) / path.name
        classifier.save(written)
        try:
            # Unlike a renaming, a link fails if the name has been taken meanwhile.
            os.link(written, path)
        except FileExistsError:
            if sha256_of_file(path) != sha256_of_file(written):
                raise RegistryError(
                    f"Another classifier is registered as {path.stem!r}, and studies may use it. "
                    "Choose another name."
                ) from None
    sync_folder(path.parent)
