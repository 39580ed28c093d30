"""Dependence of DeepSHAP on its background, measured with disjoint backgrounds of the same size."""

import numpy as np

from explanations.engine import Engine
from explanations.evaluation.ranking import spearman, top_overlap
from explanations.evaluation.subject import Setting, Subject
from explanations.imagesets.background import Background
from explanations.methods.deepshap import DeepShap


class TooFewImagesError(ValueError):
    """Too few training images for two backgrounds."""


def deepshap_by_background(subject: Subject, size: int) -> dict[str, float]:
    """Compute the agreement of the maps of two backgrounds of ``size`` images without common
    images.

    ``error`` is the Euclidean distance of the maps, divided by the mean of their lengths. Raises
    TooFewImagesError if there are fewer than twice ``size`` training images.
    """
    setting, case = subject.setting, subject.case
    engines = setting.last("backgrounds", size, lambda: _engines(setting, size))
    a, b = (
        setting.explained_by(
            DeepShap(), "deepshap", case.image, case.predicted, engine=engine
        ).relevance
        for engine in engines
    )
    level = f"{size} images"
    lengths = (np.linalg.norm(a) + np.linalg.norm(b)) / 2
    return {
        f"{level}|error": float(np.linalg.norm(a - b) / lengths) if lengths else 0.0,
        f"{level}|spearman": spearman(a, b),
        f"{level}|top_overlap": top_overlap(np.abs(a), np.abs(b)),
    }


def _engines(setting: Setting, size: int) -> list[Engine]:
    training = setting.training
    if training is None or len(training) < 2 * size:
        available = 0 if training is None else len(training)
        raise TooFewImagesError(
            f"Two backgrounds of {size} images need {2 * size} training images, but there are "
            f"{available}."
        )
    classifier = setting.engine.workspace.classifier
    halves = (training[:size], training[size : 2 * size])
    return [Engine(classifier, Background(half), setting.engine.precision) for half in halves]
