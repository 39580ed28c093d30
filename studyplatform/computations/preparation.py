"""Everything that must be computed before participants arrive, for a study or for an image set
alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db.models import QuerySet
from django.utils.translation import gettext

from explanations import catalogue
from explanations.catalogue import Method, UnknownMethodError
from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.classifier.devices import choose_device
from explanations.computing.chain import Chain
from explanations.computing.memory import OutOfMemoryError
from explanations.computing.preflight import PreflightError
from explanations.methods.protocol import ResidualError
from explanations.models import (
    ClassifierWeights,
    Explanation,
    ImageSet,
    Prediction,
    StudyImage,
)
from explanations.pipeline import pictures
from explanations.pipeline.executors.chunks import ExecutorError
from explanations.pipeline.image_import import BACKGROUND
from explanations.pipeline.precompute import Computed, Execution, explain
from explanations.pipeline.predictions import PrecomputeError, load_classifier, predict
from explanations.pipeline.weights_registry import RegistryError, register_classifier
from explanations.pipeline.work_list import PREDICTED_ALONE
from explanations.store.artefacts import ArtefactError, StoreFullError
from explanations.verification.comparison import Verified
from explanations.verification.stored_maps import verify_stored
from surveys.models import Stimulus, Study
from surveys.pages.example import (
    empty_methods,
    example_candidate,
    example_candidates,
    store_example,
)
from surveys.services import StudyError
from surveys.services.stimuli import choose_stimuli
from surveys.services.trials import classes_of, explained_classes
from surveys.study_file.stored import definition

REFUSALS = (
    PrecomputeError,
    UnknownMethodError,
    RegistryError,
    CheckpointError,
    ArtefactError,
    StudyError,
    PreflightError,
    OutOfMemoryError,
    ResidualError,
    StoreFullError,
    ExecutorError,
)
"""What a computation can refuse, each with a message that names the cure."""


@dataclass(frozen=True)
class Prepared:
    """Summary of a run."""

    images: int
    explained: int
    methods: tuple[str, ...]
    device: str
    maps: Computed
    verified: Mapping[str, Verified]
    """For each method, the largest difference from the library. Empty without --verify."""
    modules: int
    """Feature modules whose Grad-CAM and saliency were wanted, too."""

    def __str__(self) -> str:
        """Summarise how many images were explained, by which methods, and how many maps were
        missing."""
        ways = [", ".join(self.methods)] if self.methods else []
        if self.modules:
            ways.append(gettext("layer by layer (%(count)d modules)") % {"count": self.modules})
        if not ways:
            return gettext(
                "%(images)d images predicted. No condition shows a map, so no map was computed."
            ) % {"images": self.images}
        done = gettext(
            "%(images)d images predicted; %(explained)d explained by %(ways)s: %(new)d maps "
            "computed on %(device)s, %(known)d already existed."
        ) % {
            "images": self.images,
            "explained": self.explained,
            "ways": gettext(" and ").join(ways),
            "new": self.maps.new,
            "device": self.device,
            "known": self.maps.known,
        }
        return done + _verdict(self.verified)


def _verdict(verified: Mapping[str, Verified]) -> str:
    if not verified:
        return ""
    figures = (
        f"{key} {comparison.largest_difference:.1e} ({comparison.library})"
        for key, comparison in verified.items()
    )
    return " " + gettext(
        "Largest difference from the libraries, relative to the largest value: %(figures)s"
    ) % {"figures": ", ".join(figures)}


@dataclass(frozen=True)
class How:
    """Options of a computation: device, precision, and number of images to verify afterwards."""

    device: str = "auto"
    precision: str = "strict"
    verify: int = 0
    execution: Execution = field(default_factory=Execution)
    shard: tuple[int, int] = (1, 1)
    """Number of this part, and the number of parts: every n-th image."""
    layers: bool = False
    """Whether Grad-CAM and saliency of every feature module are wanted, too."""
    classes: int = 1
    """Number of likeliest classes for which every image is explained."""


def methods_named(text: str) -> list[Method]:
    """Return the methods in a list of keys separated by commas.

    Raises UnknownMethodError, which lists the valid keys.
    """
    return [catalogue.get(key.strip()) for key in text.split(",") if key.strip()]


def prepare_study(
    slug: str,
    methods: Sequence[Method] = (),
    limit: int | None = None,
    how: How | None = None,
    told: Callable[[int, int], None] = lambda done, total: None,
    *,
    predictions_only: bool = False,
) -> Prepared:
    """Predict the study's images, choose its stimuli and explain them by its conditions' methods.

    The example image of the instructions is explained, too, and so are all classes whose maps a
    task shows side by side. ``methods`` replaces the conditions' methods; ``limit`` restricts the
    run to the first stimuli. ``told`` is called with the finished maps and their total. With
    ``predictions_only``, no stimuli are chosen and no maps computed.
    """
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        known = ", ".join(Study.objects.values_list("slug", flat=True)) or "none"
        raise PrecomputeError(
            f"There is no study {slug!r}. Loaded studies: {known}. "
            "Load its file: manage.py load_study FILE.toml"
        )
    split = definition(study).images.split
    images = list(study.image_set.images.filter(split=split).select_related("image_set"))
    keys = dict.fromkeys(study.conditions.exclude(method="").values_list("method", flat=True))
    weights = study.classifier
    how = how or How()
    classifier = load_classifier(weights, choose_device(how.device))
    predictions = {row.pk: row for row in predict(classifier, weights, images)}
    if predictions_only:
        return Prepared(len(images), 0, (), str(classifier.device), Computed(0, 0), {}, 0)
    # All images are predicted first, because stimuli are chosen by correct and wrong predictions.
    stimuli = choose_stimuli(study)[:limit]
    shown = [predictions[stimulus.prediction_id] for stimulus in stimuli]
    example = example_candidate(study) if limit is None else None
    if example:
        shown.append(predictions[example.pk])
    chosen = list(methods) or [catalogue.get(key) for key in keys]
    counts = classes_of(study, stimuli)
    prepared = _prepared(classifier, len(images), shown, chosen, how, counts, told)
    _replace_empty_maps(study, stimuli, predictions, chosen, classifier, how)
    # A part of the images, or other methods, would not show whether each arm has a map to read.
    if example and not methods and how.shard == (1, 1) and study.state == Study.State.DRAFT:

        def computed(candidate: Prediction) -> None:
            explain(classifier, [candidate], chosen, how.precision, how.execution)

        shown.append(predictions[readable_example(study, example, computed).pk])
    _draw(shown, chosen)
    return prepared


def _replace_empty_maps(
    study: Study,
    stimuli: Sequence[Stimulus],
    predictions: Mapping[int, Prediction],
    methods: Sequence[Method],
    classifier: Classifier,
    how: How,
) -> None:
    """Explain further classes of the images of which a map to be shown side by side is empty.

    An empty map would give the answer away. Each round finds which of the new maps are empty.
    """
    done = dict(classes_of(study, stimuli))
    while done:
        needed = explained_classes(study, stimuli)
        wider = {key: count for key, count in needed.items() if count > done[key]}
        if not wider:
            return
        images = [predictions[key] for key in wider]
        explain(classifier, images, methods, how.precision, how.execution, wider)
        done |= wider


def readable_example(
    study: Study, example: Prediction, computed: Callable[[Prediction], None]
) -> Prediction:
    """Return the example, or the first candidate of which no method's map is empty, and store it.

    Nobody learns to read a map from one that is empty. ``computed`` computes the maps of a
    candidate. If every candidate has an empty map, the example stays as it is.
    """
    if not empty_methods(study, example):
        return example
    for candidate in example_candidates(study):
        if candidate.pk == example.pk:
            continue
        computed(candidate)
        if not empty_methods(study, candidate):
            store_example(study, candidate)
            return candidate
    return example


def prepare_set(
    name: str,
    weights_file: Path,
    split: str = "",
    methods: Sequence[Method] = (),
    limit: int | None = None,
    how: How | None = None,
) -> Prepared:
    """Predict and explain the images of a set, by every method except placebos if none is named."""
    images = list(_images(name, split)[:limit])
    weights: ClassifierWeights = register_classifier(weights_file)
    how = how or How()
    classifier = load_classifier(weights, choose_device(how.device))
    predictions = predict(classifier, weights, images)
    chosen = list(methods) or [method for method in catalogue.METHODS if method.by_default]
    return _prepared(classifier, len(images), predictions, chosen, how)


def _prepared(
    classifier: Classifier,
    images: int,
    predictions: Sequence[Prediction],
    methods: Sequence[Method],
    how: How,
    classes: Mapping[int, int] = PREDICTED_ALONE,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Prepared:
    """Compute the maps. ``classes`` maps a prediction's key to the number of classes to explain."""
    part, parts = how.shard
    # A study may need more classes for a task than the command requests.
    counts = {row.pk: max(how.classes, classes.get(row.pk, 1)) for row in predictions}
    predictions = predictions[part - 1 :: parts]
    modules = Chain.of(classifier).features if how.layers else 0
    layered = [method for number in range(modules) for method in catalogue.of_module(number)]
    wanted = [*methods, *layered]
    maps = explain(classifier, predictions, wanted, how.precision, how.execution, counts, told)
    checked = predictions[: how.verify]
    return Prepared(
        images=images,
        explained=len(predictions),
        methods=_keys(methods),
        device=str(classifier.device),
        maps=maps,
        verified=verify_stored(classifier, checked, wanted, how.precision) if checked else {},
        modules=modules,
    )


def _images(name: str, split: str) -> QuerySet[StudyImage]:
    image_set = ImageSet.objects.filter(name=name).first()
    if image_set is None:
        known = ", ".join(ImageSet.objects.values_list("name", flat=True)) or "none"
        raise PrecomputeError(
            f"There is no image set {name!r}. Stored image sets: {known}. "
            f"Import it: manage.py import_images --data {name} --split test"
        )
    images = image_set.images.exclude(split=BACKGROUND).select_related("image_set")
    return images.filter(split=split) if split else images


def _draw(predictions: Sequence[Prediction], methods: Sequence[Method]) -> None:
    rows = Explanation.objects.filter(prediction__in=predictions, method__in=_keys(methods))
    pictures.draw_ahead(
        predictions, rows.select_related("prediction__image", "prediction__classifier")
    )


def _keys(methods: Sequence[Method]) -> tuple[str, ...]:
    return tuple(method.key for method in methods)
