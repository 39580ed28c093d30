"""Explanations of stored predictions: computed once, kept by hash, resumed at any time.

Each artefact is complete on disk before its row is written, so an interruption loses one map at
most, and the next run computes only what is missing.
"""

import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from tqdm import tqdm

from explanations.catalogue import Method
from explanations.classifier.checkpoint import Classifier
from explanations.importing import BACKGROUND
from explanations.methods.protocol import Background, Explainer, image_seed, parameters_of
from explanations.models import Explanation, Prediction
from explanations.predicting import PrecomputeError, exact_arithmetic, stored_pixels
from explanations.storage import artefact_store, image_store
from explanations.store import artefact_key

LIBRARIES = ("torch", "captum", "shap", "lime", "scikit-image", "scikit-learn", "numpy")


class StoppedError(RuntimeError):
    """Ctrl-C came; what was finished is kept."""


@dataclass(frozen=True)
class Computed:
    """How many maps a run made, and how many were there already."""

    new: int
    known: int


@dataclass(frozen=True)
class Job:
    """One map to be computed."""

    method: Method
    explainer: Explainer
    prediction: Prediction
    target: int
    background: Background | None
    key: str


def explain(
    classifier: Classifier, predictions: Sequence[Prediction], methods: Sequence[Method]
) -> Computed:
    """Compute and store every missing map of ``predictions``, with a progress bar.

    A map is missing when it has no row of its key, or no file. Raises PrecomputeError when a
    method needs a background and the image set has none, StoppedError after Ctrl-C.
    """
    jobs = [job for method in methods for job in _jobs(method, classifier, predictions)]
    rows = Explanation.objects.filter(method__in={method.key for method in methods})
    noted = set(rows.values_list("prediction_id", "key"))
    store = artefact_store()
    missing = [
        job for job in jobs if (job.prediction.pk, job.key) not in noted or not store.has(job.key)
    ]
    with tqdm(total=len(missing), unit="image", disable=None) as progress, exact_arithmetic():
        finished = 0
        try:
            for job in missing:
                progress.set_description(job.method.label)
                _run(job, classifier)
                finished += 1
                progress.update()
        except KeyboardInterrupt:
            raise StoppedError(
                f"Stopped after {finished} of {len(missing)} maps, which are kept. "
                "Run the same command again to compute the rest."
            ) from None
    return Computed(new=len(missing), known=len(jobs) - len(missing))


def _jobs(
    method: Method, classifier: Classifier, predictions: Sequence[Prediction]
) -> Iterator[Job]:
    explainer = method.explainer()
    backgrounds: dict[int, Background] = {}
    for prediction in predictions:
        image, background = prediction.image, None
        if method.needs_background:
            if image.image_set_id not in backgrounds:
                backgrounds[image.image_set_id] = _background(prediction, method)
            background = backgrounds[image.image_set_id]
        target = classifier.class_names.index(prediction.predicted_class)
        key = artefact_key(
            weights=classifier.sha256,
            image=image.sha256,
            target=target,
            method=method.key,
            parameters=parameters_of(explainer),
            version=explainer.version,
            background=background.sha256 if background else "",
        )
        yield Job(method, explainer, prediction, target, background, key)


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


def _run(job: Job, classifier: Classifier) -> None:
    same_map = Explanation.objects.filter(key=job.key)
    twin = same_map.exclude(prediction=job.prediction).first()
    if twin and artefact_store().has(job.key):
        # The same picture in another image set: its file must stay the one its row describes.
        noted = {name: getattr(twin, name) for name in ("sha256", "diagnostics", "provenance")}
    else:
        noted = _compute(job, classifier)
        same_map.update(**noted)
    Explanation.objects.update_or_create(
        prediction=job.prediction,
        key=job.key,
        defaults=noted | {"method": job.method.key, "parameters": parameters_of(job.explainer)},
    )


def _compute(job: Job, classifier: Classifier) -> dict[str, Any]:
    """Explain and store; what the row notes of it."""
    sha256 = job.prediction.image.sha256
    seed = image_seed(sha256, job.method.key, parameters_of(job.explainer))
    pixels = image_store().read(sha256)
    started = time.monotonic()
    attribution = job.explainer.explain(classifier, pixels, job.target, seed, job.background)
    seconds = time.monotonic() - started
    return {
        "sha256": artefact_store().write(job.key, attribution),
        "diagnostics": dict(attribution.diagnostics) | {"empty": attribution.is_empty},
        "provenance": {
            "device": _device_name(classifier.device),
            "seed": seed,
            "seconds": round(seconds, 4),
            "method_version": job.explainer.version,
            "background": job.background.sha256 if job.background else "",
            "versions": {"python": platform.python_version()}
            | {library: version(library) for library in LIBRARIES},
        },
    }


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
