"""Grad-CAM (Selvaraju et al. 2017), which shows coarse regions that raised the score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from explanations.attribution import Attributions
from explanations.computing.resizing import enlarged
from explanations.computing.workspace import Batch
from explanations.methods.protocol import Diagnostics, as_array, flagged


@dataclass(frozen=True)
class GradCam:
    """Activations of one layer, weighted by their mean gradients, rectified, then enlarged.

    ``layer`` counts the feature modules from 0; -1 is the ReLU of the last convolution, number 13
    in the VGG13, with 8 by 8 cells. If no region supports the target, the map is empty.
    """

    version: ClassVar[int] = 2
    layer: int = -1
    upsampling: str = "bilinear"

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        layer = self._layer(batch)
        native = batch.cam(layer)
        # The map is rectified before it is enlarged, as in the paper: the order changes the map.
        relevance = enlarged(native.relu(), batch.size, self.upsampling)
        maxima = native.amax((2, 3)).tolist()
        diagnostics: Diagnostics = [
            [
                {"layer": layer, "cells": list(native.shape[2:]), "maximum": maximum}
                | flagged(empty=maximum <= 0)
                for maximum in row
            ]
            for row in maxima
        ]
        return Attributions(as_array(relevance), native=as_array(native), diagnostics=diagnostics)

    def _layer(self, batch: Batch) -> int:
        chain = batch.workspace.chain
        if self.layer == -1 and chain.last_relu is not None:
            return chain.last_relu
        relus = [
            index
            for index, module in enumerate(chain.modules[: chain.features])
            if isinstance(module, nn.ReLU)
        ]
        if self.layer not in relus:
            raise ValueError(
                f"Grad-CAM reads the output of a ReLU, and layer {self.layer} is not a ReLU. "
                f"Choose one of the layers {', '.join(map(str, relus))}."
            )
        return self.layer
