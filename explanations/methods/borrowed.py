"""The second placebo, a real map that belongs to another image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

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
class Borrowed:
    """Grad-CAM map of a background image, laid over an image to which it is unrelated.

    The map has every property of a real map except that it belongs to this image. The image's seed
    determines which background image lends its map, computed for that image's predicted class.
    Empty maps are skipped: up to ``tries`` images are tried in the drawn order. For a class other
    than the predicted one, a different image lends its map: the more ranks the class is away from
    the predicted one, the later the image comes in that order.
    """

    version: ClassVar[int] = 1
    needs: ClassVar[Sequence[Need]] = (Need.GRADIENT, Need.GRID)
    tries: int = 10

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(gradient=1)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        if batch.workspace.background is None:
            raise ValueError("A borrowed map needs background images. Pass them as background.")
        lent = [
            [self._lent(batch, seed, step) for step in steps]
            for seed, steps in zip(seeds, steps_from_predicted(batch), strict=True)
        ]
        signed = torch.cat(
            [torch.cat([native for _, native in of_image], dim=1) for of_image in lent]
        )
        # The lender is recorded, so that a researcher can see whose map was shown.
        diagnostics: Diagnostics = [
            [
                {"background_image": lender, "cells": list(native.shape[2:])}
                | flagged(empty=bool(native.max() <= 0))
                for lender, native in of_image
            ]
            for of_image in lent
        ]
        return Attributions(
            as_array(enlarged(signed.relu(), batch.size)),
            native=as_array(signed),
            diagnostics=diagnostics,
        )

    def _lent(self, batch: Batch, seed: int, step: int) -> tuple[int, torch.Tensor]:
        """Return the number of the lending background image and its signed map, with shape (1, 1,
        rows, columns)."""
        workspace = batch.workspace
        assert workspace.background is not None  # noqa: S101 - checked by explain
        images = workspace.background.images
        layer = workspace.network.layer(-1)
        # Classes start far apart in the order, so that skipped empty maps do not make two classes
        # share one.
        apart = max(1, len(images) // batch.logits.shape[1])
        order = np.roll(np.random.default_rng(seed).permutation(len(images)), -step * apart)
        for lender in order[: self.tries]:
            cam = Batch(workspace, images[lender : lender + 1]).cam(layer)
            if cam.max() > 0:
                break
        return int(lender), cam
