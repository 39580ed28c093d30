"""The placebo, a smooth random map that is independent of the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.attribution import Attributions
from explanations.computing.cost import Passes
from explanations.computing.needs import Need
from explanations.computing.resizing import enlarged
from explanations.computing.workspace import Batch
from explanations.methods.protocol import (
    Diagnostics,
    as_array,
    flagged,
    steps_from_predicted,
)


@dataclass(frozen=True)
class Placebo:
    """Random cells that are smoothed, rectified and enlarged to a map that looks like Grad-CAM
    without content.

    The share of cells above zero is drawn between ``least_share`` and ``largest_share``, because
    Grad-CAM's maps vary as much. The map depends only on the image's seed, not on the classifier or
    the pixels. Classes other than the predicted class get a different map.
    """

    version: ClassVar[int] = 2
    needs: ClassVar[Sequence[Need]] = (Need.OUTPUTS,)
    cells: int = 8
    least_share: float = 0.1
    largest_share: float = 0.9

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes()

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        drawn = [
            [self.cells_of(seed, step) for step in steps]
            for seed, steps in zip(seeds, steps_from_predicted(batch), strict=True)
        ]
        signed = torch.from_numpy(np.array(drawn))
        diagnostics: Diagnostics = [
            [{"cells": [self.cells, self.cells]} | flagged()] * signed.shape[1] for _ in seeds
        ]
        return Attributions(
            as_array(enlarged(signed.relu(), batch.size)),
            native=as_array(signed),
            diagnostics=diagnostics,
        )

    def cells_of(self, seed: int, step: int = 0) -> NDArray[np.float32]:
        """Draw the map before it is rectified and enlarged, with shape (cells, cells).

        ``step`` is the number of classes between the predicted class and the map's class.
        """
        generator = np.random.default_rng([seed, step] if step else seed)
        smooth = _smoothed(generator.standard_normal((self.cells, self.cells)))
        share = generator.uniform(self.least_share, self.largest_share)
        cells: NDArray[np.float32] = smooth - np.quantile(smooth, 1 - share)
        return cells.astype(np.float32)


def _smoothed(field: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> np.ndarray:
    """Mix each cell with its neighbours, 1-2-1 along rows and columns. Edges are repeated."""
    for axis in (0, 1):
        padded = np.pad(field, [(1, 1) if axis == this else (0, 0) for this in (0, 1)], mode="edge")
        before, here, after = (
            np.take(padded, range(start, start + field.shape[axis]), axis=axis)
            for start in range(3)
        )
        field = (before + 2 * here + after) / 4
    return field
