"""GradientSHAP, also called expected gradients (Erion et al. 2021), which needs only gradients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explanations.attribution import Attributions
from explanations.computing.averaging import mean_gradient
from explanations.computing.cost import Passes
from explanations.computing.memory import in_chunks
from explanations.computing.needs import Need
from explanations.computing.workspace import Batch
from explanations.methods.protocol import Diagnostics, as_array, flagged

COARSE = 0.05
"""Residual above which a map is flagged."""


@dataclass(frozen=True)
class GradientShap:
    """Mean of gradient times difference, at random points between the image and random references.

    It is not DeepSHAP: the shares add up to the logit's difference from the background only on
    average over the draws. ``completeness_delta`` is what is missing, which shrinks with the square
    root of ``samples``; relative to 1 plus the difference, more than COARSE is flagged. The numbers
    equal ``shap.GradientExplainer``'s for the same seed. Without a background, the only reference
    is an image of the training images' mean colour.
    """

    version: ClassVar[int] = 1
    needs: ClassVar[Sequence[Need]] = (Need.GRADIENT,)
    samples: int = 200

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise ValueError(f"samples is {self.samples}, but GradientSHAP needs at least 1.")

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(gradient=self.samples)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        references = _references(batch)
        expected = batch.workspace.keep(
            f"mean logits {tuple(references.shape)}", lambda: _mean_logits(batch, references)
        )
        shares = torch.stack(
            [
                self._of_one(batch, pixels, references, targets, seed)
                for pixels, targets, seed in zip(batch.pixels, batch.targets, seeds, strict=True)
            ]
        )
        difference = batch.logits.gather(1, batch.targets).double() - expected[batch.targets]
        deltas = shares.sum((2, 3, 4)) - difference
        residuals = deltas.abs() / (1 + difference.abs())
        diagnostics: Diagnostics = [
            [
                {
                    "logit": float(batch.logits[image, target]),
                    "background_logit": float(expected[target]),
                    "completeness_delta": float(deltas[image, column]),
                    "background_images": len(references),
                }
                | flagged(coarse_samples=float(residuals[image, column]) > COARSE)
                for column, target in enumerate(batch.targets[image].tolist())
            ]
            for image in range(len(batch))
        ]
        return Attributions(
            as_array(shares.sum(2)), channels=as_array(shares), diagnostics=diagnostics
        )

    def draws(self, references: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Draw the reference and the place on the way to the image, for each sample, as shap does
        for this seed."""
        random = np.random.RandomState(seed)
        pairs = [(random.choice(references), random.uniform()) for _ in range(self.samples)]
        return np.array([one for one, _ in pairs]), np.array([place for _, place in pairs])

    def _of_one(
        self, batch: Batch, pixels: Tensor, references: Tensor, targets: Tensor, seed: int
    ) -> Tensor:
        chosen, places = self.draws(len(references), seed)
        at = torch.from_numpy(places).to(pixels)[:, None, None, None]
        numbers = torch.from_numpy(chosen).to(pixels.device)

        def ways(rows: slice) -> Tensor:
            return pixels - references[numbers[rows]]

        def points(rows: slice) -> Tensor:
            return at[rows] * pixels + (1 - at[rows]) * references[numbers[rows]]

        return mean_gradient(batch.workspace, self.samples, points, targets, ways)


def _references(batch: Batch) -> Tensor:
    background = batch.workspace.background
    if background is None:
        return torch.zeros_like(batch.pixels[:1])
    return batch.workspace.keep(
        "background pixels", lambda: batch.workspace.pixels(background.images)
    )


def _mean_logits(batch: Batch, references: Tensor) -> Tensor:
    """Return the mean logits of the references, in float64 with shape (classes,)."""
    workspace = batch.workspace
    pieces: list[Tensor] = []

    def piece(rows: slice) -> None:
        with torch.no_grad():
            pieces.append(workspace.network.run(references[rows]))

    rows = workspace.budget.rows(max(workspace.layer_bytes(references)))
    in_chunks(len(references), rows, piece)
    return torch.cat(pieces).double().mean(0)
