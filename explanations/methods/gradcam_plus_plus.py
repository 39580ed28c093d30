"""Grad-CAM++ (Chattopadhay et al. 2018), which weights each place of a layer by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explanations.attribution import Attributions
from explanations.computing.cost import Passes
from explanations.computing.gradients import layer_gradients
from explanations.computing.needs import Need
from explanations.computing.resizing import enlarged
from explanations.computing.workspace import Batch
from explanations.methods.protocol import Diagnostics, as_array, flagged


@dataclass(frozen=True)
class GradCamPlusPlus:
    """Activations of one layer, weighted by their positive gradients, rectified, then enlarged.

    Where Grad-CAM takes a channel's mean gradient g, Grad-CAM++ sums the positive gradients
    with the weights 1 / (2 + g times the sum of the channel): equations 19 and 20 of the paper, in
    which the second and third derivatives of exp(logit) are g² and g³ times exp(logit). Several
    objects of a class therefore count equally whatever their size. ``layer`` is chosen as for
    Grad-CAM.
    """

    version: ClassVar[int] = 1
    needs: ClassVar[Sequence[Need]] = (Need.GRADIENT, Need.GRID)
    layer: int | str = -1
    upsampling: str = "bilinear"

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(gradient=1)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        network = batch.workspace.network
        layer = network.layer(self.layer)
        values, gradients = layer_gradients(network, batch.pixels, batch.targets, layer)
        native = weighted(values, gradients)
        relevance = enlarged(native.relu(), batch.size, self.upsampling)
        diagnostics: Diagnostics = [
            [
                {"layer": layer, "cells": list(native.shape[2:]), "maximum": maximum}
                | flagged(empty=maximum <= 0)
                for maximum in row
            ]
            for row in native.amax((2, 3)).tolist()
        ]
        return Attributions(as_array(relevance), native=as_array(native), diagnostics=diagnostics)


def weighted(values: Tensor, gradients: Tensor) -> Tensor:
    """Return the signed map (n, k, rows, columns) of activations (n, channels, rows, columns) and
    gradients (n, k, channels, rows, columns)."""
    totals = values.sum((2, 3))[:, None, :, None, None]
    positive = gradients.relu()
    below = 2 + totals * positive
    # With negative activations the denominator can be 0 or less, where the paper defines no weight.
    shares = torch.where(below > 0, positive / below, 0)
    weights = shares.sum((3, 4), keepdim=True)
    return (weights * values[:, None]).sum(2)
