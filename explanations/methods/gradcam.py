"""Grad-CAM (Selvaraju et al. 2017): which coarse regions raised the score."""

from dataclasses import dataclass
from typing import ClassVar

from captum.attr import LayerGradCam
from torch import nn
from torch.nn.functional import interpolate

from explanations.attribution import Attribution
from explanations.classifier.checkpoint import Classifier
from explanations.methods.protocol import Background, Image


@dataclass(frozen=True)
class GradCam:
    """Activations of one layer, weighted by their mean gradients, rectified, then enlarged.

    ``layer`` counts the modules of the convolutional part; 13 is the ReLU of the last convolution,
    8 by 8 cells. Where nothing speaks for the target, the map is empty.
    """

    version: ClassVar[int] = 1
    layer: int = 13
    upsampling: str = "bilinear"

    def explain(
        self,
        classifier: Classifier,
        image: Image,
        target: int,
        seed: int,
        background: Background | None = None,
    ) -> Attribution:
        network = classifier.network
        layer = network.conv_layers[self.layer]
        # captum wants the input to need a gradient, since the weights are frozen.
        pixels = classifier.normalise(image[None]).requires_grad_()
        signed = LayerGradCam(network, _module(layer)).attribute(pixels, target=target).detach()
        # Rectified before it is enlarged, as in the paper: other orders give other maps.
        relevance = interpolate(
            signed.relu(), size=image.shape[:2], mode=self.upsampling, align_corners=False
        )
        native = signed[0, 0].cpu().numpy()
        return Attribution(
            relevance[0, 0].cpu().numpy(),
            native=native,
            diagnostics={
                "maximum": float(native.max()),
                "cells": list(native.shape),
            },
        )


def _module(layer: nn.Module) -> nn.Module:
    if not isinstance(layer, nn.ReLU):
        raise ValueError(
            f"Grad-CAM reads the output of a ReLU, the layer is {layer}. "
            "Choose 1, 3, 6, 8, 11 or 13."
        )
    return layer
