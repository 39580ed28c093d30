"""The whole evaluation in one call, from images and a classifier to a folder with the report."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from explanations import catalogue
from explanations.classifier.checkpoint import Classifier
from explanations.engine import METHODS, Engine
from explanations.evaluation.cases import Case, read_cases, training_images
from explanations.evaluation.files import write_images
from explanations.evaluation.limits.catalogue import BACKGROUND_SIZES
from explanations.evaluation.maps import MapFolder
from explanations.evaluation.measuring import Run
from explanations.evaluation.progress import Told, silent
from explanations.evaluation.reporting import write_all
from explanations.evaluation.subject import Setting
from explanations.evaluation.summary import Summary, summarise
from explanations.imagesets.background import Background
from explanations.imagesets.base import ImageSet
from explanations.methods.protocol import parameters_of

BACKGROUND_SIZE = 100


@dataclass(frozen=True)
class Wanted:
    """Request for an evaluation: data, methods and sample sizes."""

    split: str = "test"
    images: int = 500
    subsample: int = 16
    """Images whose maps are computed again, for robustness, randomisation, cost and limits."""
    methods: Sequence[str] = METHODS
    seed: int = 0
    precision: str = "fast"
    limits: bool = True

    def __post_init__(self) -> None:
        for name in ("images", "subsample"):
            if getattr(self, name) < 2:
                raise ValueError(f"{name} is {getattr(self, name)}, but intervals need at least 2.")
        if self.subsample > self.images:
            raise ValueError(
                f"The subsample of {self.subsample} images exceeds the {self.images} images. "
                "Make it smaller."
            )
        if len(set(self.methods)) != len(self.methods) or not self.methods:
            raise ValueError("Name at least one method, and each method only once.")


@dataclass(frozen=True, eq=False)
class Sample:
    """Images, their maps, and the network with its methods, as an evaluation measures them."""

    name: str
    """Name of the image set or the study, for the report."""
    setting: Setting
    folder: MapFolder
    cases: Sequence[Case]
    few: Sequence[Case]
    """Cases whose maps are computed again."""


Estimated = Callable[[float], None]
"""Is called with the estimated seconds before the measurements start."""


def evaluate(
    source: ImageSet,
    classifier: Classifier,
    wanted: Wanted,
    output: Path,
    told: Told = silent,
    estimated: Estimated | None = None,
) -> Summary:
    """Write report.html, results.json, results.csv, images.csv and figures/ to ``output``.

    All computed values are stored under ``output/work``: a stopped evaluation resumes from there,
    and more images or another subsample only add to it. ``told`` is called as measuring advances.
    With ``estimated``, the time is estimated first.

    Raises ImageSetError for images that cannot
    be used, UnknownMethodError, and PreflightError for a network that cannot be explained exactly.
    """
    sample = _sample(source, classifier, wanted, output)
    return measure(sample, wanted, output, told, estimated)


def measure(
    sample: Sample,
    wanted: Wanted,
    output: Path,
    told: Told = silent,
    estimated: Estimated | None = None,
    about: Mapping[str, Any] | None = None,
) -> Summary:
    """Measure a sample and write the files of ``evaluate``. ``about`` is added to the report."""
    run = Run(sample.setting, sample.folder, sample.cases, sample.few, told)
    if estimated:
        estimated(run.seconds_left(with_limits=wanted.limits))
    raw = run.raw(with_limits=wanted.limits)
    names = sample.setting.engine.workspace.classifier.class_names
    summary = summarise(raw, tuple(sample.setting.explainers), names)
    described = {**_about(sample.name, sample.setting, wanted), **(about or {})}
    write_all(summary, described, output)
    write_images(raw, names, output / "images.csv")
    return summary


def maps_folder(output: Path) -> Path:
    """Return the folder in which an evaluation keeps maps and numbers of every image."""
    return output / "work" / "maps"


def _sample(source: ImageSet, classifier: Classifier, wanted: Wanted, output: Path) -> Sample:
    explainers = {key: catalogue.get(key).explainer() for key in wanted.methods}
    cases = read_cases(source, classifier, wanted.split, wanted.images, wanted.seed)
    background = None
    if any(catalogue.get(key).needs_background for key in wanted.methods):
        background = Background(training_images(source, BACKGROUND_SIZE, wanted.seed))
    # Two disjoint backgrounds are compared, so the largest size is needed twice.
    training = None
    if background and wanted.limits:
        training = training_images(source, 2 * max(BACKGROUND_SIZES), wanted.seed)
    engine = Engine(classifier, background, wanted.precision)
    setting = Setting(engine, explainers, wanted.seed, training)
    folder = MapFolder(maps_folder(output), engine, explainers, wanted.seed)
    few = read_cases(source, classifier, wanted.split, wanted.subsample, wanted.seed)
    return Sample(source.name, setting, folder, cases, few)


def _about(name: str, setting: Setting, wanted: Wanted) -> dict[str, Any]:
    """Describe data, weights and settings, so that a reader can repeat the evaluation."""
    workspace = setting.engine.workspace
    background = workspace.background
    return {
        "data": name,
        **{key: value for key, value in asdict(wanted).items() if key != "methods"},
        "weights_sha256": workspace.classifier.sha256,
        "background_sha256": background.sha256 if background else "none",
        "methods": {
            key: {"version": explainer.version, **parameters_of(explainer)}
            for key, explainer in setting.engine.explainers(setting.explainers).items()
        },
        "device": str(workspace.classifier.device),
        "versions": f"Python {platform.python_version()}, torch {torch.__version__}",
    }
