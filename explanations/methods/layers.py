"""Maps of a single feature module, with which Grad-CAM and saliency are shown at every depth of the
network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from explanations.attribution import Attributions
from explanations.computing.cost import Passes
from explanations.computing.gradients import GradientPass, gradient_pass
from explanations.computing.needs import Need
from explanations.computing.resizing import enlarged
from explanations.computing.workspace import Batch
from explanations.methods.protocol import Diagnostics, as_array, flagged


@dataclass(frozen=True)
class LayerGradCam:
    """Grad-CAM of any feature module, including modules other than ReLUs. The maps are rectified,
    then enlarged.

    ``layer`` counts the feature modules from 0.
    """

    version: ClassVar[int] = 1
    needs: ClassVar[Sequence[Need]] = (Need.CHAIN,)
    layer: int
    upsampling: str = "bilinear"

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(gradient=1)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        native = _pass(batch, self.layer).cams[self.layer]
        diagnostics: Diagnostics = [
            [_about(batch, self.layer, native, maximum) | flagged(empty=maximum <= 0)
             for maximum in row]
            for row in native.amax((2, 3)).tolist()
        ]  # fmt: skip
        return Attributions(
            as_array(enlarged(native.relu(), batch.size, self.upsampling)),
            native=as_array(native),
            diagnostics=diagnostics,
        )


@dataclass(frozen=True)
class LayerSaliency:
    """Absolute gradient of the logit by a module's output, largest over the channels.

    Cells remain squares when the map is enlarged. ``layer`` counts the feature modules from 0.
    """

    version: ClassVar[int] = 1
    needs: ClassVar[Sequence[Need]] = (Need.CHAIN,)
    layer: int

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(gradient=1)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        native = _pass(batch, self.layer).saliencies[self.layer]
        diagnostics: Diagnostics = [
            [_about(batch, self.layer, native, maximum) | flagged(zero_gradient=maximum == 0)
             for maximum in row]
            for row in native.amax((2, 3)).tolist()
        ]  # fmt: skip
        return Attributions(
            as_array(enlarged(native, batch.size, "nearest")),
            native=as_array(native),
            diagnostics=diagnostics,
        )


def _pass(batch: Batch, layer: int) -> GradientPass:
    """Return the batch's own pass, or a new pass if the batch's pass does not cover this module."""
    chain = batch.workspace.chain
    if layer not in range(chain.features):
        raise ValueError(
            f"Unknown feature module {layer}. This network has modules 0 to {chain.features - 1}."
        )
    gradients = batch.gradients
    if layer in gradients.saliencies:
        return gradients
    return gradient_pass(chain, batch.pixels, batch.targets, [layer])


def _about(batch: Batch, layer: int, native: Tensor, maximum: float) -> dict[str, Any]:
    module = batch.workspace.chain.modules[layer]
    return {
        "layer": layer,
        "module": type(module).__name__,
        "cells": list(native.shape[2:]),
        "maximum": maximum,
    }
