"""SmoothGrad (Smilkov et al. 2017), which averages the gradient over noisy copies of the image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explanations.attribution import Attributions
from explanations.computing.averaging import mean_gradient
from explanations.computing.cost import Passes
from explanations.computing.needs import Need
from explanations.computing.workspace import Batch
from explanations.methods.protocol import Diagnostics, as_array, flagged


@dataclass(frozen=True)
class SmoothGrad:
    """Absolute value of the mean gradient over ``samples`` noisy copies, largest over the channels.

    ``noise`` is the standard deviation of the Gaussian noise as a share of the image's range, from
    its smallest to its largest value as network input. The numbers equal those of captum's
    NoiseTunnel over the signed gradient, for the same draws.
    """

    version: ClassVar[int] = 1
    needs: ClassVar[Sequence[Need]] = (Need.GRADIENT,)
    samples: int = 50
    noise: float = 0.15

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise ValueError(f"samples is {self.samples}, but SmoothGrad needs at least 1.")
        if not 0 < self.noise <= 1:
            raise ValueError(f"noise is {self.noise}, but must be above 0 and at most 1.")

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(gradient=self.samples)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        channels = torch.stack(
            [
                self._of_one(batch, pixels, targets, seed)
                for pixels, targets, seed in zip(batch.pixels, batch.targets, seeds, strict=True)
            ]
        ).abs()
        relevance = channels.amax(2)
        diagnostics: Diagnostics = [
            [{"maximum": maximum} | flagged(zero_gradient=maximum == 0) for maximum in row]
            for row in relevance.amax((2, 3)).tolist()
        ]
        return Attributions(
            as_array(relevance), channels=as_array(channels), diagnostics=diagnostics
        )

    def _of_one(self, batch: Batch, pixels: Tensor, targets: Tensor, seed: int) -> Tensor:
        noise = self.noise_of(pixels, seed)
        return mean_gradient(
            batch.workspace, self.samples, lambda rows: pixels + noise[rows], targets
        )

    def noise_of(self, pixels: Tensor, seed: int) -> Tensor:
        """Draw the noise of all samples, with shape (samples, channels, height, width).

        It is drawn on the CPU and in float32, so that every device and type sees the same samples.
        """
        deviation = self.noise * (pixels.max() - pixels.min()).float().cpu()
        spread = deviation.expand(self.samples, *pixels.shape).contiguous()
        generator = torch.Generator().manual_seed(seed)
        return torch.normal(torch.zeros(()), spread, generator=generator).to(pixels)
