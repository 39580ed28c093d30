"""Grad-CAM (Selvaraju et al. 2017), which shows coarse regions that raised the score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from explanations.attribution import Attributions
from explanations.computing.cost import Passes
from explanations.computing.needs import Need
from explanations.computing.resizing import enlarged
from explanations.computing.workspace import Batch
from explanations.methods.protocol import Diagnostics, as_array, flagged


@dataclass(frozen=True)
class GradCam:
    """Activations of one layer, weighted by their mean gradients, rectified, then enlarged.

    ``layer`` -1 is the last layer with rows and columns: in a chain of modules the last
    convolution's ReLU, number 13 in the VGG13, with 8 by 8 cells. Another layer is chosen by its
    module's name, such as ``layer3``, or in a chain by its number, counted from 0. Tokens of a
    transformer are cells, too. If no region supports the target, the map is empty.
    """

    version: ClassVar[int] = 2
    needs: ClassVar[Sequence[Need]] = (Need.GRADIENT, Need.GRID)
    layer: int | str = -1
    upsampling: str = "bilinear"

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(gradient=1)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        layer = batch.workspace.network.layer(self.layer)
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
