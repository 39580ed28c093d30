"""The second placebo: a real map, of another image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from explanations.attribution import Attributions
from explanations.computing.resizing import enlarged
from explanations.computing.workspace import Batch
from explanations.methods.protocol import (
    Diagnostics,
    as_array,
    flagged,
    steps_from_predicted,
)


@dataclass(frozen=True)
class Borrowed:
    """Grad-CAM of a background image, laid over an image that it says nothing of.

    The map has everything that real ones have; only the belonging is missing. The image's seed
    decides which background image lends its map, for the class predicted of that one. Empty maps
    are not lent: the next image in the drawn order lends its own, up to ``tries`` of them. For
    each further class another image lends, the farther on in that order the more classes it is
    behind the predicted one.
    """

    version: ClassVar[int] = 1
    tries: int = 10

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        if batch.workspace.background is None:
            raise ValueError("A borrowed map needs background images to borrow from; give some.")
        lent = [
            [self._lent(batch, seed, step) for step in steps]
            for seed, steps in zip(seeds, steps_from_predicted(batch), strict=True)
        ]
        signed = torch.cat([torch.cat([native for _, native in one], dim=1) for one in lent])
        diagnostics: Diagnostics = [
            [
                {"background_image": lender, "cells": list(native.shape[2:])}
                | flagged(empty=bool(native.max() <= 0))
                for lender, native in one
            ]
            for one in lent
        ]
        return Attributions(
            as_array(enlarged(signed.relu(), batch.size)),
            native=as_array(signed),
            diagnostics=diagnostics,
        )

    def _lent(self, batch: Batch, seed: int, step: int) -> tuple[int, torch.Tensor]:
        """Number of the background image, and its signed map, (1, 1, rows, columns)."""
        workspace = batch.workspace
        assert workspace.background is not None  # noqa: S101 - checked by explain
        images = workspace.background.images
        last_relu = workspace.chain.last_relu
        if last_relu is None:
            raise ValueError("A borrowed map is Grad-CAM's of the last ReLU; there is no ReLU.")
        apart = max(1, len(images) // batch.logits.shape[1])
        order = np.roll(np.random.default_rng(seed).permutation(len(images)), -step * apart)
        for lender in order[: self.tries]:
            found = Batch(workspace, images[lender : lender + 1]).cam(last_relu)
            if found.max() > 0:
                break
        return int(lender), found
