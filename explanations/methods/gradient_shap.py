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
from explanations.computing.doubling import relative_change, stages
from explanations.computing.memory import in_chunks
from explanations.computing.needs import Need
from explanations.computing.workspace import Batch
from explanations.methods.protocol import Diagnostics, as_array, flagged

COARSE = 0.05
"""Residual above which a map is flagged."""
LEAST_SAMPLES = 25
"""Samples of the first map of a run with a tolerance."""


@dataclass(frozen=True)
class GradientShap:
    """Mean of gradient times difference, at random points between the image and random references.

    It is not DeepSHAP: the shares add up to the logit's difference from the background only on
    average over the draws. ``completeness_delta`` is what is missing, which shrinks with the square
    root of ``samples``; relative to 1 plus the difference, more than COARSE is flagged. The numbers
    equal ``shap.GradientExplainer``'s for the same seed. Without a background, the only reference
    is an image of the training images' mean colour. With a ``tolerance``, sampling stops when the
    relative change of the map from one doubling of the samples to the next is at most the
    tolerance; ``samples`` is the maximum, ``samples_used`` what was needed, and
    ``relative_change`` the last change.
    """

    version: ClassVar[int] = 1
    needs: ClassVar[Sequence[Need]] = (Need.GRADIENT,)
    samples: int = 200
    tolerance: float | None = None

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise ValueError(f"samples is {self.samples}, but GradientSHAP needs at least 1.")
        if self.tolerance is not None and not 0 < self.tolerance < 1:
            raise ValueError(f"tolerance is {self.tolerance}, but must be between 0 and 1.")

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(gradient=self.samples)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        references = _references(batch)
        expected = batch.workspace.keep(
            f"mean logits {tuple(references.shape)}", lambda: _mean_logits(batch, references)
        )
        sampled = [
            self._of_one(batch, pixels, references, targets, seed)
            for pixels, targets, seed in zip(batch.pixels, batch.targets, seeds, strict=True)
        ]
        shares = torch.stack([torch.stack([one.shares for one in image]) for image in sampled])
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
                | self._used(sampled[image][column])
                | flagged(
                    coarse_samples=float(residuals[image, column]) > COARSE,
                    tolerance_not_reached=self.tolerance is not None
                    and sampled[image][column].change > self.tolerance,
                )
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
    ) -> list["_Sampled"]:
        """Return the shares of each class. Each class stops by itself, so that its map does not
        depend on the other classes."""
        chosen, places = self.draws(len(references), seed)
        at = torch.from_numpy(places).to(pixels)[:, None, None, None]
        numbers = torch.from_numpy(chosen).to(pixels.device)
        finished: dict[int, _Sampled] = {}
        before: dict[int, Tensor] = {}
        first = 0
        for count in stages(self.samples, LEAST_SAMPLES, self.tolerance):
            left = [column for column in range(len(targets)) if column not in finished]
            here = slice(first, count)

            def ways(rows: slice, some: slice = here) -> Tensor:
                return pixels - references[numbers[some][rows]]

            def points(rows: slice, some: slice = here) -> Tensor:
                position = at[some][rows]
                return position * pixels + (1 - position) * references[numbers[some][rows]]

            means = mean_gradient(batch.workspace, count - first, points, targets[left], ways)
            for column, mean in zip(left, means, strict=True):
                shares, change = mean, 1.0
                if column in before:
                    shares = (first * before[column] + (count - first) * mean) / count
                    change = relative_change(shares.sum(0), before[column].sum(0))
                before[column] = shares
                if count == self.samples or change <= (self.tolerance or 0):
                    finished[column] = _Sampled(shares, count, change)
            if len(finished) == len(targets):
                break
            first = count
        return [finished[column] for column in range(len(targets))]

    def _used(self, sampled: "_Sampled") -> dict[str, float]:
        """Return how many samples a map needed, for a run with a tolerance."""
        if self.tolerance is None:
            return {}
        return {"samples_used": sampled.samples, "relative_change": sampled.change}


@dataclass(frozen=True, eq=False)
class _Sampled:
    """Shares of a class by a number of samples, and their change since fewer samples."""

    shares: Tensor
    """Shares, float64 with shape (channels, height, width)."""
    samples: int
    change: float


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

    rows = workspace.budget.forward_rows(max(workspace.layer_bytes(references)))
    in_chunks(len(references), rows, piece)
    return torch.cat(pieces).double().mean(0)
