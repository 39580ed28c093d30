"""The second placebo: a real map, of another image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from explanations.attribution import Attributions
from explanations.computing.resizing import enlarged
from explanations.computing.workspace import Batch
from explanations.methods.protocol import Diagnostics, as_array, flagged


@dataclass(frozen=True)
class Borrowed:
    """Grad-CAM of a background image, laid over an image that it says nothing of.

    The map has everything that real ones have; only the belonging is missing. The image's seed
    decides which background image lends its map, for the class predicted of that one. Empty maps
    are not lent: the next image in the drawn order lends its own, up to ``tries`` of them.
    """

    version: ClassVar[int] = 1
    tries: int = 10

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        if batch.workspace.background is None:
            raise ValueError("A borrowed map needs background images to borrow from; give some.")
        lent = [self._lent(batch, seed) for seed in seeds]
        classes = batch.targets.shape[1]
        signed = torch.cat([native for _, native in lent]).expand(-1, classes, -1, -1)
        diagnostics: Diagnostics = [
            [
                {"background_image": lender, "cells": list(native.shape[2:])}
                | flagged(empty=bool(native.max() <= 0))
            ]
            * classes
            for lender, native in lent
        ]
        return Attributions(
            as_array(enlarged(signed.relu(), batch.size)),
            native=as_array(signed),
            diagnostics=diagnostics,
        )

    def _lent(self, batch: Batch, seed: int) -> tuple[int, torch.Tensor]:
        """Number of the background image, and its signed map, (1, 1, rows, columns)."""
        workspace = batch.workspace
        assert workspace.background is not None  # noqa: S101 - checked by explain
        images = workspace.background.images
        last_relu = workspace.chain.last_relu
        if last_relu is None:
            raise ValueError("A borrowed map is Grad-CAM's of the last ReLU; there is no ReLU.")
        order = np.random.default_rng(seed).permutation(len(images))[: self.tries]
        for lender in order:
            found = Batch(workspace, images[lender : lender + 1]).cam(last_relu)
            if found.max() > 0:
                break
        return int(lender), found
