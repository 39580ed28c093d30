"""The placebo: a smooth random map that never looks at the network."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch.nn.functional import interpolate

from explanations.attribution import Attribution
from explanations.classifier.checkpoint import Classifier
from explanations.methods.protocol import Background, Image


@dataclass(frozen=True)
class Placebo:
    """Random cells, smoothed, rectified and enlarged: Grad-CAM's size and look without its content.

    The share of cells above zero is drawn between the two bounds, since Grad-CAM's maps differ as
    much among themselves. Neither the classifier nor the pixels enter; only the seed does.
    """

    version: ClassVar[int] = 1
    cells: int = 8
    least_share: float = 0.1
    largest_share: float = 0.9

    def explain(
        self,
        classifier: Classifier,
        image: Image,
        target: int,
        seed: int,
        background: Background | None = None,
    ) -> Attribution:
        generator = np.random.default_rng(seed)
        smooth = _smoothed(generator.standard_normal((self.cells, self.cells)))
        share = generator.uniform(self.least_share, self.largest_share)
        signed = (smooth - np.quantile(smooth, 1 - share)).astype(np.float32)
        relevance = interpolate(
            torch.from_numpy(signed).relu()[None, None],
            size=image.shape[:2],
            mode="bilinear",
            align_corners=False,
        )
        return Attribution(
            relevance[0, 0].numpy(), native=signed, diagnostics={"cells": list(signed.shape)}
        )


def _smoothed(field: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> np.ndarray:
    """Each cell mixed with its neighbours, 1-2-1 along rows and columns; edges repeated."""
    for axis in (0, 1):
        padded = np.pad(field, [(1, 1) if axis == this else (0, 0) for this in (0, 1)], mode="edge")
        before, here, after = (
            np.take(padded, range(start, start + field.shape[axis]), axis=axis)
            for start in range(3)
        )
        field = (before + 2 * here + after) / 4
    return field
