"""Saliency (Simonyan et al. 2014), which shows the pixels whose small change would move the score
most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from explanations.attribution import Attributions
from explanations.computing.cost import Passes
from explanations.computing.needs import Need
from explanations.computing.workspace import Batch
from explanations.methods.protocol import Diagnostics, as_array, flagged


@dataclass(frozen=True)
class Saliency:
    """Absolute gradient of the logit, largest over the three colour channels.

    The gradient is taken by the normalised input, per unit of a channel's standard deviation.
    """

    version: ClassVar[int] = 2
    needs: ClassVar[Sequence[Need]] = (Need.GRADIENT,)
    channel: str = "maximum"

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(gradient=1)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        channels = batch.gradients.inputs.abs()
        relevance = channels.amax(2)
        diagnostics: Diagnostics = [
            [{"maximum": maximum} | flagged(zero_gradient=maximum == 0) for maximum in row]
            for row in relevance.amax((2, 3)).tolist()
        ]
        return Attributions(
            as_array(relevance), channels=as_array(channels), diagnostics=diagnostics
        )
