"""LIME's stability: over seeds and sample counts, and over ways to cut the image into patches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import felzenszwalb, quickshift

from explanations.attribution import Attribution
from explanations.evaluation.ranking import spearman, top_overlap
from explanations.evaluation.subject import Subject
from explanations.methods.lime import Lime, Patches

SAMPLES = (100, 300, 1000, 2000)
SHOWN = 5
"""How many patches a participant sees outlined."""


@dataclass(frozen=True)
class Quickshift(Lime):
    """lime's own default segmentation with its default parameters."""

    def patches_of(self, image: NDArray[np.uint8]) -> Patches:
        found: Patches = quickshift(  # type: ignore[no-untyped-call]
            image, kernel_size=4, max_dist=200, ratio=0.2, rng=0
        )
        return _numbered(found)


@dataclass(frozen=True)
class Felzenszwalb(Lime):
    """A graph-based segmentation at a scale that suits small images."""

    def patches_of(self, image: NDArray[np.uint8]) -> Patches:
        return _numbered(felzenszwalb(image, scale=50))


SEGMENTATIONS: dict[str, Lime] = {
    "SLIC 16": Lime(segments=16),
    "SLIC 128": Lime(segments=128),
    "Felzenszwalb": Felzenszwalb(),
    "Quickshift (lime's default)": Quickshift(),
}
"""Compared with the usual one, SLIC of 64 patches."""


def lime_by_samples(subject: Subject) -> dict[str, float]:
    """Of each number of samples: how far the maps of two seeds agree, on the same patches."""
    found = {}
    for samples in SAMPLES:
        a, b = (_explained(subject, Lime(samples=samples), seed) for seed in (1, 2))
        level = f"{samples} samples"
        found[f"{level}|spearman"] = spearman(a.relevance, b.relevance)
        found[f"{level}|shown"] = shown_in_common(a, b)
        found[f"{level}|r2"] = (a.diagnostics["r2"] + b.diagnostics["r2"]) / 2
    return found


def lime_by_segmentation(subject: Subject) -> dict[str, float]:
    """Of each segmentation: agreement with the usual one, number of patches, fit."""
    usual = _explained(subject, Lime(), 1)
    found = {
        "SLIC 64|patches": float(usual.diagnostics["patches"]),
        "SLIC 64|r2": float(usual.diagnostics["r2"]),
    }
    for name, explainer in SEGMENTATIONS.items():
        other = _explained(subject, explainer, 1)
        found[f"{name}|spearman"] = spearman(usual.relevance, other.relevance)
        found[f"{name}|top_overlap"] = top_overlap(np.abs(usual.relevance), np.abs(other.relevance))
        found[f"{name}|patches"] = float(other.diagnostics["patches"])
        found[f"{name}|r2"] = float(other.diagnostics["r2"])
    return found


def shown_in_common(a: Attribution, b: Attribution) -> float:
    """Of the five patches with the largest coefficients: the share that both maps show."""
    strongest = [set(np.argsort(-np.abs(coefficients(one)))[:SHOWN]) for one in (a, b)]
    return len(strongest[0] & strongest[1]) / min(SHOWN, len(coefficients(a)))


def coefficients(found: Attribution) -> NDArray[np.float32]:
    """One number per patch, (patches,)."""
    assert found.segments is not None  # noqa: S101 - LIME always has patches
    _, first = np.unique(found.segments, return_index=True)
    values: NDArray[np.float32] = found.relevance.ravel()[first]
    return values


def _explained(subject: Subject, explainer: Lime, seed: int) -> Attribution:
    case = subject.case
    return subject.setting.explained_by(explainer, "lime", case.image, case.predicted, seed=seed)


def _numbered(patches: Patches) -> Patches:
    """Numbers from 0 without gaps."""
    _, numbers = np.unique(patches, return_inverse=True)
    return numbers.reshape(patches.shape)
