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

from explanations.attribution import Attribution
from explanations.catalogue import Method
from explanations.classifier.checkpoint import Classifier
from explanations.computing.memory import Budget
from explanations.engine import Engine
from explanations.jobs import Job, batches, jobs_of
from explanations.methods.protocol import parameters_of
from explanations.models import Explanation, Prediction
from explanations.predicting import stored_pixels
from explanations.storage import artefact_store

LIBRARIES = ("torch", "scikit-image", "numpy")


class StoppedError(RuntimeError):
    """Ctrl-C came; what was finished is kept."""


@dataclass(frozen=True)
class Computed:
    """How many maps a run made, and how many were there already."""

    new: int
    known: int


def explain(
    classifier: Classifier,
    predictions: Sequence[Prediction],
    methods: Sequence[Method],
    precision: str = "strict",
) -> Computed:
    """Compute and store every missing map of ``predictions``, with a progress bar.

    A map is missing when it has no row of its key, or no file. Raises PrecomputeError when a
    method needs a background and the image set has none, StoppedError after Ctrl-C.
    """
    jobs = list(jobs_of(classifier, predictions, methods, precision))
    missing, done = _missing(jobs), 0
    with tqdm(total=len(missing), unit="map", disable=None) as progress:
        try:
            computing = [job for job in missing if not _shares_a_file(job)]
            done = len(missing) - len(computing)
            progress.update(done)
            for count in _compute(classifier, computing, precision, progress):
                done += count
                progress.update(count)
        except KeyboardInterrupt:
            raise StoppedError(
                f"Stopped after {done} of {len(missing)} maps, which are kept. "
                "Run the same command again to compute the rest."
            ) from None
    return Computed(new=len(missing), known=len(jobs) - len(missing))


def _missing(jobs: Sequence[Job]) -> list[Job]:
    rows = Explanation.objects.filter(method__in={job.method.key for job in jobs})
    noted = set(rows.values_list("prediction_id", "key"))
    store = artefact_store()
    return [
        job for job in jobs if (job.prediction.pk, job.key) not in noted or not store.has(job.key)
    ]


def _shares_a_file(job: Job) -> bool:
    """Whether the map is there for the same picture in another set: then its row is copied."""
    twin = Explanation.objects.filter(key=job.key).exclude(prediction=job.prediction).first()
    if twin is None or not artefact_store().has(job.key):
        return False
    # The file must stay the one that the first row describes.
    _note(job, {name: getattr(twin, name) for name in ("sha256", "diagnostics", "provenance")})
    return True


def _compute(
    classifier: Classifier, jobs: Sequence[Job], precision: str, progress: "tqdm[Any]"
) -> Iterator[int]:
    """Compute, store and note all jobs, a few images at a time; yields how many maps were done."""
    engines: dict[str, Engine] = {}
    for batch in batches(jobs, Budget(classifier.device).group):
        background = next((job.background for job in batch if job.background), None)
        name = background.sha256 if background else ""
        if name not in engines:
            engines[name] = Engine(classifier, background, precision)
        yield from _compute_batch(engines[name], batch, progress)


def _compute_batch(engine: Engine, batch: Sequence[Job], progress: "tqdm[Any]") -> Iterator[int]:
    by_method: dict[str, list[Job]] = {}
    for job in batch:
        by_method.setdefault(job.method.key, []).append(job)
    first = next(iter(by_method.values()))
    pixels = stored_pixels([job.prediction.image for job in first])
    explainers = {key: jobs[0].explainer for key, jobs in by_method.items()}
    started = time.monotonic()
    for key, found in engine.one_by_one(pixels, [job.target for job in first], explainers):
        seconds = (time.monotonic() - started) / len(found)
        progress.set_description(by_method[key][0].method.label, refresh=False)
        for job, attribution in zip(by_method[key], found, strict=True):
            _store(job, attribution, engine, seconds)
        yield len(found)
        started = time.monotonic()


def _store(job: Job, attribution: Attribution, engine: Engine, seconds: float) -> None:
    """The artefact first, complete on disk; then its row."""
    noted = {
        "sha256": artefact_store().write(job.key, attribution),
        "diagnostics": dict(attribution.diagnostics) | {"empty": attribution.is_empty},
        "provenance": {
            "device": _device_name(engine.workspace.classifier.device),
            "precision": engine.precision,
            "seed": job.seed,
            "seconds": round(seconds, 4),
            "method_version": job.explainer.version,
            "background": job.background.sha256 if job.background else "",
            "versions": {"python": platform.python_version()}
            | {library: version(library) for library in LIBRARIES},
        },
    }
    Explanation.objects.filter(key=job.key).update(**noted)
    _note(job, noted)


def _note(job: Job, noted: dict[str, Any]) -> None:
    Explanation.objects.update_or_create(
        prediction=job.prediction,
        key=job.key,
        defaults=noted | {"method": job.method.key, "parameters": parameters_of(job.explainer)},
    )


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
