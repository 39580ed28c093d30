"""The whole evaluation in one call: images and a classifier in, a folder with the report out."""

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from explanations import catalogue
from explanations.classifier.checkpoint import Classifier
from explanations.engine import METHODS, Engine
from explanations.evaluation.cases import read_cases, training_images
from explanations.evaluation.files import write_images
from explanations.evaluation.limits.catalogue import BACKGROUND_SIZES
from explanations.evaluation.maps import MapFolder
from explanations.evaluation.measuring import Run
from explanations.evaluation.reporting import write_all
from explanations.evaluation.subject import Setting
from explanations.evaluation.summary import Summary, summarise
from explanations.imagesets.background import Background
from explanations.imagesets.base import ImageSet
from explanations.methods.protocol import parameters_of

BACKGROUND_SIZE = 100


@dataclass(frozen=True)
class Wanted:
    """What is to be evaluated, and how thoroughly."""

    split: str = "test"
    images: int = 500
    subsample: int = 16
    """Images for which maps are computed anew: robustness, randomisation, cost, limits."""
    methods: Sequence[str] = METHODS
    seed: int = 0
    precision: str = "fast"
    limits: bool = True

    def __post_init__(self) -> None:
        for name in ("images", "subsample"):
            if getattr(self, name) < 2:
                raise ValueError(f"{name} is {getattr(self, name)}; intervals need at least 2.")
        if self.subsample > self.images:
            raise ValueError(
                f"The subsample is {self.subsample} of {self.images} images; ask for less of it."
            )
        if len(set(self.methods)) != len(self.methods) or not self.methods:
            raise ValueError("Name each method once, and at least one.")


def evaluate(source: ImageSet, classifier: Classifier, wanted: Wanted, output: Path) -> Summary:
    """Write report.html, results.json, results.csv, images.csv and figures/ to ``output``.

    What was computed lies under ``output/work``: a stopped evaluation goes on from there, and more
    images or another subsample only add to it. Raises ImageSetError for images that cannot be
    used, UnknownMethodError, and PreflightError for a network that cannot be explained exactly.
    """
    explainers = {key: catalogue.get(key).explainer() for key in wanted.methods}
    cases = read_cases(source, classifier, wanted.split, wanted.images, wanted.seed)
    background = None
    if any(catalogue.get(key).needs_background for key in wanted.methods):
        background = Background(training_images(source, BACKGROUND_SIZE, wanted.seed))
    training = None
    if background and wanted.limits:
        training = training_images(source, 2 * max(BACKGROUND_SIZES), wanted.seed)
    engine = Engine(classifier, background, wanted.precision)
    setting = Setting(engine, explainers, wanted.seed, training)
    folder = MapFolder(output / "work" / "maps", engine, explainers, wanted.seed)
    few = read_cases(source, classifier, wanted.split, wanted.subsample, wanted.seed)
    raw = Run(setting, folder, cases, few).raw(with_limits=wanted.limits)
    summary = summarise(raw, tuple(explainers))
    write_all(summary, _about(source, setting, wanted), output)
    write_images(raw, output / "images.csv")
    return summary


def _about(source: ImageSet, setting: Setting, wanted: Wanted) -> dict[str, Any]:
    """What a reader needs to do it again."""
    workspace = setting.engine.workspace
    background = workspace.background
    return {
        "data": source.name,
        **{name: value for name, value in asdict(wanted).items() if name != "methods"},
        "weights_sha256": workspace.classifier.sha256,
        "background_sha256": background.sha256 if background else "none",
        "methods": {
            key: {"version": one.version, **parameters_of(one)}
            for key, one in setting.engine.explainers(setting.explainers).items()
        },
        "device": str(workspace.classifier.device),
        "versions": f"Python {platform.python_version()}, torch {torch.__version__}",
    }
