"""Integrated Gradients (Sundararajan et al. 2017), which computes each pixel's share of the change
in score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from explanations.attribution import Attributions
from explanations.computing.cost import Passes
from explanations.computing.gradients import input_gradients
from explanations.computing.memory import in_chunks
from explanations.computing.needs import Need
from explanations.computing.threads import side_by_side
from explanations.computing.workspace import Batch
from explanations.methods.baselines import SAME_FOR_ALL_IMAGES, baseline_pixels
from explanations.methods.protocol import Diagnostics, ResidualError, as_array, flagged

QUARTER_OF_STEPS = 13
COARSE = 0.05
"""Residual above which a map is flagged. With 50 steps it is usually about .01."""
MEANINGLESS = 1.0
"""Residual above which a map is refused: the shares miss more than everything they divide."""


@dataclass(frozen=True)
class IntegratedGradients:
    """Gradients integrated from the baseline to the image in ``steps`` Gauss-Legendre nodes.

    ``baseline`` is black, grey, white, mean (the training images' mean colour) or blurred. Several
    baselines joined by + are averaged, as in ``black+white``. A pixel that equals the baseline gets
    no share. The shares should add up to the change of the logit; ``completeness_delta`` is the
    remaining difference, which shrinks as ``steps`` rises. Relative to 1 plus the change, more than
    COARSE is flagged and more than MEANINGLESS raises ResidualError.
    """

    version: ClassVar[int] = 2
    needs: ClassVar[Sequence[Need]] = (Need.GRADIENT,)
    steps: int = 50
    baseline: str = "black"

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}, but Integrated Gradients needs at least 1.")

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        passes = self.steps * len(self.baseline.split("+"))
        return Passes(gradient=passes, together=QUARTER_OF_STEPS)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        names = self.baseline.split("+")
        shares = torch.zeros_like(batch.pixels[:, None]).repeat(1, batch.targets.shape[1], 1, 1, 1)
        start_logits = torch.zeros_like(batch.targets, dtype=batch.pixels.dtype)
        differs = torch.zeros(len(batch), dtype=torch.bool)
        for name in names:
            start = baseline_pixels(name, batch)
            shares += self._shares(batch, start) / len(names)
            start_logits += _logits_at(name, batch, start) / len(names)
            differs |= (batch.pixels != start).flatten(1).any(1).cpu()
        logits = batch.logits.gather(1, batch.targets)
        # Summed in float64, because the residual is a small difference of large sums.
        deltas = shares.double().sum((2, 3, 4)) - (logits - start_logits).double()
        residuals = deltas.abs() / (1 + (logits - start_logits).double().abs())
        self._check(residuals)
        diagnostics: Diagnostics = [
            [
                {
                    "logit": float(logits[image, column]),
                    "baseline_logit": float(start_logits[image, column]),
                    "completeness_delta": float(deltas[image, column]),
                }
                | flagged(
                    image_is_the_baseline=not bool(differs[image]),
                    zero_gradient=bool(differs[image]) and not bool(shares[image, column].any()),
                    coarse_steps=float(residuals[image, column]) > COARSE,
                )
                for column in range(batch.targets.shape[1])
            ]
            for image in range(len(batch))
        ]
        return Attributions(
            as_array(shares.sum(2)), channels=as_array(shares), diagnostics=diagnostics
        )

    def _check(self, residuals: Tensor) -> None:
        if not bool((residuals <= MEANINGLESS).all()):
            raise ResidualError(
                f"Integrated Gradients' shares miss the change of the logit by "
                f"{float(residuals.max()):.2g} (1 plus the change is 1) with steps={self.steps}. "
                "No map is returned. Raise steps."
            )

    def _shares(self, batch: Batch, start: Tensor) -> Tensor:
        """Compute the shares from ``start`` to each image, with shape (n, k, 3, height, width)."""
        budget = batch.workspace.budget
        row_bytes = 2 * sum(batch.workspace.layer_bytes(batch.pixels))
        rows = budget.gradient_rows(row_bytes, QUARTER_OF_STEPS)
        images_at_once = max(1, rows // self.steps) if budget.pools_images else 1
        shares = [
            self._of_some(batch, start, slice(first, first + images_at_once), rows)
            for first in range(0, len(batch), images_at_once)
        ]
        return torch.cat(shares)

    def _of_some(self, batch: Batch, start: Tensor, images: slice, rows: int) -> Tensor:
        pixels, begin, targets = batch.pixels[images], start[images], batch.targets[images]
        network, count = batch.workspace.network, len(pixels)
        nodes, weights = np.polynomial.legendre.leggauss(self.steps)
        positions = torch.from_numpy((1 + nodes) / 2).to(pixels)
        weights_here = torch.from_numpy(weights / 2).to(pixels)
        way = pixels - begin

        # Leggauss returns nodes in -1..1. The path is parametrised from 0 to 1, hence the halved
        # weights.
        def piece(part: slice) -> Tensor:
            at = positions[part].reshape(1, -1, 1, 1, 1)
            points = (begin[:, None] + at * way[:, None]).flatten(0, 1)
            steps = len(positions[part])
            gradients = input_gradients(network, points, targets.repeat_interleave(steps, 0))
            gradients = gradients.reshape(count, steps, *gradients.shape[1:])
            return torch.einsum("s,nskchw->nkchw", weights_here[part], gradients)

        def share(steps: slice) -> Tensor:
            summed = pixels.new_zeros(count, targets.shape[1], *pixels.shape[1:])

            def add(some: slice) -> None:
                summed.add_(piece(slice(steps.start + some.start, steps.start + some.stop)))

            in_chunks(steps.stop - steps.start, at_once, add)
            return summed

        at_once = max(1, rows // count)
        summed_shares = side_by_side(self.steps, at_once, pixels.device, share)
        return torch.stack(summed_shares).sum(0) * way[:, None]


def _logits_at(name: str, batch: Batch, start: Tensor) -> Tensor:
    """Compute the targets' logits at a baseline, with shape (n, k).

    The images pass one by one, so that rounding does not depend on the batch. A baseline that is
    the same for all images passes once for all batches.
    """
    network = batch.workspace.network

    def logits_of(starts: Tensor) -> Tensor:
        with torch.no_grad():
            rows = [network.run(network.enter(starts[i : i + 1])) for i in range(len(starts))]
        return torch.cat(rows)

    if name in SAME_FOR_ALL_IMAGES:
        key = f"logits of {name} {tuple(start.shape[1:])}"
        logits = batch.workspace.keep(key, lambda: logits_of(start[:1])).expand(len(start), -1)
    else:
        logits = logits_of(start)
    return logits.gather(1, batch.targets)
