"""The studies that ship, over rows of images: their own classifier's name, predictions made up."""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from django.conf import settings

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.models import ClassifierWeights, Explanation, ImageSet, Prediction, StudyImage
from explanations.pipeline.pictures import artefact_store
from explanations.pipeline.weights_registry import register_classifier
from surveys import services
from surveys.models import Study
from surveys.services.documents import store_documents_beside
from surveys.services.stimuli import choose_stimuli
from surveys.services.trials import classes_of
from surveys.study_checks import loading
from tests.conftest import ROOT

FILES = sorted((ROOT / "studies").glob("*.toml"))
EXAMPLES = [  # without the plans for data of other studies, which have no slug
    path
    for path in sorted((ROOT / "studies" / "examples").glob("*.toml"))
    if "slug" in tomllib.loads(path.read_text(encoding="utf-8"))
]
IMAGES = 60


def load(path: Path, shortened: bool = False, wrong: int = 1) -> Study:
    """The study as a draft, its images predicted and explained: a third of them wrongly.

    ``shortened``: two right and so many wrong predictions in each run of trials, else as it ships.
    """
    text = path.read_text(encoding="utf-8")
    # A planned accuracy needs the numbers of trials that the file has.
    if shortened and "\naccuracy = " not in text:
        text = re.sub(r"^right = \d+$", "right = 2", text, flags=re.MULTILINE)
        text = re.sub(r"^wrong = \d+$", f"wrong = {wrong}", text, flags=re.MULTILINE)
    declared = loading.parse(text)
    classifier = register_classifier(settings.BASE_DIR / declared.weights)
    image_set, created = ImageSet.objects.get_or_create(
        name=declared.images.set, defaults={"class_names": classifier.class_names}
    )
    if created:
        fill(image_set, declared.images.split)
    store_documents_beside(path, declared)
    study = services.load_study(text)
    if not study.classifier.prediction_set.exists():
        predict(image_set, classifier, study.conditions.values_list("method", flat=True))
    return study


def open_study(path: Path, shortened: bool = False, wrong: int = 1) -> Study:
    """The same, with stimuli, and open."""
    study = load(path, shortened, wrong)
    choose_stimuli(study)
    explain_classes(study)
    services.open_study(study=study)
    return study


def fill(image_set: ImageSet, split: str) -> None:
    """Rows of images, classes in turn."""
    classes = image_set.class_names
    StudyImage.objects.bulk_create(
        StudyImage(
            image_set=image_set,
            sha256=hashlib.sha256(f"row {number}".encode()).hexdigest(),
            split=split,
            true_class=classes[number % len(classes)],
            source=f"row {number}",
            width=32,
            height=32,
        )
        for number in range(IMAGES)
    )


def predict(
    image_set: ImageSet, classifier: ClassifierWeights, methods: Iterable[str] = ()
) -> None:
    """Predictions of all images, every third of them wrong, and a map by each method.

    ``methods``: further ones, such as those with another baseline; empty for no map.
    """
    classes = image_set.class_names
    predictions = []
    for number, image in enumerate(image_set.images.order_by("id")):
        true = classes.index(image.true_class)
        predicted = classes[(true + (number % 3 == 0)) % len(classes)]
        predictions.append(
            Prediction(
                image=image,
                classifier=classifier,
                predicted_class=predicted,
                probability=0.5 + number % 100 / 200,
                probabilities=[0.1] * len(classes),
                is_correct=predicted == image.true_class,
            )
        )
    Prediction.objects.bulk_create(predictions)
    keys = {method.key for method in catalogue.METHODS} | set(filter(None, methods))
    maps = {key: write_map(key) for key in sorted(keys)}
    Explanation.objects.bulk_create(
        Explanation(prediction=prediction, method=method, parameters={}, **stored)
        for prediction in predictions
        for method, stored in maps.items()
    )


def explain_classes(study: Study) -> None:
    """Maps of the next probable classes, of the stimuli that are shown with several."""
    methods = study.conditions.exclude(method="").values_list("method", flat=True).distinct()
    counts = classes_of(study, study.stimuli.all())
    most = max(counts.values(), default=0)
    maps = {
        (method, number): write_map(f"{method} {number}")
        for method in methods
        for number in range(1, most)
    }
    Explanation.objects.bulk_create(
        Explanation(
            prediction=one.prediction,
            method=method,
            other_class=other,
            parameters={},
            **maps[method, number],
        )
        for one in study.stimuli.select_related("prediction__classifier")
        for method in methods
        for number, other in enumerate(
            one.prediction.likeliest(counts.get(one.prediction_id, 1))[1:], start=1
        )
    )


def write_map(method: str) -> dict[str, object]:
    """One map of the method, which stands for that of every image."""
    native = np.random.default_rng(len(method)).random((8, 8), dtype=np.float32)
    segments = np.kron(np.arange(16, dtype=np.uint8).reshape(4, 4), np.ones((8, 8), np.uint8))
    attribution = Attribution(
        np.kron(native, np.ones((4, 4), dtype=np.float32)), native=native, segments=segments
    )
    return asdict(artefact_store().write(f"{method.encode().hex():0>64}"[-64:], attribution))
