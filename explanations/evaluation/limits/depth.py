"""Localisation of the object by the Grad-CAM map of each feature module."""

import numpy as np
import torch

from explanations.attribution import Floats
from explanations.computing.resizing import enlarged
from explanations.evaluation.measures.localisation import (
    area_under_roc,
    hit,
    mass_inside,
)
from explanations.evaluation.subject import Subject


def gradcam_by_depth(subject: Subject) -> dict[str, float]:
    """Compute, for every feature module, whether its map is empty and how well it localises.

    Maps are rectified, then enlarged. An empty map localises at chance; without a mask, only
    emptiness is computed.
    """
    modules = subject.setting.engine.workspace.chain.modules
    values: dict[str, float] = {}
    for number, native in enumerate(subject.found.layers.values()):
        kind = type(modules[number]).__name__.removesuffix("2d")
        level = f"{number + 1}. {kind}, {native.shape[0]} x {native.shape[1]}"
        relevance = rectified(native, subject.case.image.shape[:2])
        values[f"{level}|empty"] = float(not relevance.any())
        mask = subject.case.mask
        if mask is not None and subject.case.has_object:
            values[f"{level}|pointing"] = hit(relevance, mask)
            values[f"{level}|mass"] = mass_inside(relevance, mask)
            values[f"{level}|auc"] = area_under_roc(relevance, mask)
    return values


def rectified(native: Floats, size: tuple[int, ...]) -> Floats:
    """Return the positive part at the size of the image, with shape (height, width)."""
    cells = torch.from_numpy(np.maximum(native, 0))[None, None]
    positive: Floats = enlarged(cells, (size[0], size[1]))[0, 0].numpy()
    return positive
