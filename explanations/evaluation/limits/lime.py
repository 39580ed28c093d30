"""LIME's stability over seeds, sample counts, and segmentations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import felzenszwalb, quickshift

from explanations.attribution import Attribution
from explanations.evaluation.ranking import spearman, top_overlap
from explanations.evaluation.subject import Subject
from explanations.methods.lime import Lime, Patches
from explanations.rendering.outlines import SHOWN

SAMPLES = (100, 300, 1000, 2000)


@dataclass(frozen=True)
class Quickshift(Lime):
    """LIME with lime's own default segmentation and its default parameters."""

    def patches_of(self, image: NDArray[np.uint8]) -> Patches:
        """Return the patch number of each pixel, counted from 0 without gaps, with shape (height,
        width)."""
        patches: Patches = quickshift(  # type: ignore[no-untyped-call]
            image, kernel_size=4, max_dist=200, ratio=0.2, rng=0
        )
        return _numbered(patches)


@dataclass(frozen=True)
class Felzenszwalb(Lime):
    """LIME with a graph-based segmentation at a scale that suits small images."""

    def patches_of(self, image: NDArray[np.uint8]) -> Patches:
        """Return the patch number of each pixel, counted from 0 without gaps, with shape (height,
        width)."""
        return _numbered(felzenszwalb(image, scale=50))


SEGMENTATIONS: dict[str, Lime] = {
    "SLIC 16": Lime(segments=16),
    "SLIC 128": Lime(segments=128),
    "Felzenszwalb": Felzenszwalb(),
    "Quickshift (lime's default)": Quickshift(),
}
"""Segmentations that are compared with the default, SLIC with 64 patches."""


def lime_by_samples(subject: Subject) -> dict[str, float]:
    """Compute, for each number of samples, the agreement of the maps of two seeds on the same
    patches."""
    values = {}
    for samples in SAMPLES:
        a, b = (_explained(subject, Lime(samples=samples), seed) for seed in (1, 2))
        level = f"{samples} samples"
        values[f"{level}|spearman"] = spearman(a.relevance, b.relevance)
        values[f"{level}|shown"] = shown_in_common(a, b)
        values[f"{level}|r2"] = (a.diagnostics["r2"] + b.diagnostics["r2"]) / 2
    return values


def lime_by_segmentation(subject: Subject) -> dict[str, float]:
    """Compute, for each segmentation, the agreement with the default, number of
    patches, and fit."""
    usual = _explained(subject, Lime(), 1)
    values = {
        "SLIC 64|patches": float(usual.diagnostics["patches"]),
        "SLIC 64|r2": float(usual.diagnostics["r2"]),
    }
    for name, explainer in SEGMENTATIONS.items():
        other = _explained(subject, explainer, 1)
        values[f"{name}|spearman"] = spearman(usual.relevance, other.relevance)
        values[f"{name}|top_overlap"] = top_overlap(
            np.abs(usual.relevance), np.abs(other.relevance)
        )
        values[f"{name}|patches"] = float(other.diagnostics["patches"])
        values[f"{name}|r2"] = float(other.diagnostics["r2"])
    return values


def shown_in_common(a: Attribution, b: Attribution) -> float:
    """Compute the share of the five patches with the largest coefficients that both maps show."""
    strongest = [
        set(np.argsort(-np.abs(coefficients(attribution)))[:SHOWN]) for attribution in (a, b)
    ]
    return len(strongest[0] & strongest[1]) / min(SHOWN, len(coefficients(a)))


def coefficients(attribution: Attribution) -> NDArray[np.float32]:
    """Return a number per patch, with shape (patches,)."""
    assert attribution.segments is not None  # noqa: S101 - LIME always has patches
    _, first = np.unique(attribution.segments, return_index=True)
    values: NDArray[np.float32] = attribution.relevance.ravel()[first]
    return values


def _explained(subject: Subject, explainer: Lime, seed: int) -> Attribution:
    case = subject.case
    return subject.setting.explained_by(explainer, "lime", case.image, case.predicted, seed=seed)


def _numbered(patches: Patches) -> Patches:
    """Renumber the patches from 0 without gaps."""
    _, numbers = np.unique(patches, return_inverse=True)
    return numbers.reshape(patches.shape)
