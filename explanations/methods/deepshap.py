"""DeepSHAP (Lundberg and Lee 2017): each pixel's share, compared with typical pictures."""

import copy
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import shap
import torch
from torch import Tensor, nn

from explanations.attribution import Attribution
from explanations.classifier.checkpoint import Classifier
from explanations.methods.protocol import Background, Image


@dataclass(frozen=True)
class DeepShap:
    """``shap.DeepExplainer`` on the logit, averaged over a background of training images.

    The shares should add up to the logit minus its mean over the background;
    ``additivity_residual`` is what is missing, relative to 1 + that difference.
    """

    version: ClassVar[int] = 1
    output: str = "logit"

    def explain(
        self,
        classifier: Classifier,
        image: Image,
        target: int,
        seed: int,
        background: Background | None = None,
    ) -> Attribution:
        if background is None:
            raise ValueError("DeepSHAP needs a background of training images; none was given.")
        # A copy, because shap hangs hooks and attributes on every module of the network.
        network = _TargetLogit(copy.deepcopy(classifier.network), target)
        reference = classifier.normalise(background.images)
        pixels = classifier.normalise(image[None])
        # shap's own check is absolute (.01) and stops the run; ours is relative and is kept.
        explainer = shap.DeepExplainer(network, reference)
        shares = explainer.shap_values(pixels, check_additivity=False)
        channels = np.asarray(shares, dtype=np.float64).reshape(3, *image.shape[:2])
        with torch.no_grad():
            logit = float(classifier.network(pixels)[0, target])
        expected = float(explainer.expected_value[0])
        difference = logit - expected
        residual = abs(channels.sum() - difference) / (1 + abs(difference))
        return Attribution(
            channels.sum(axis=0).astype(np.float32),
            channels=channels.astype(np.float32),
            diagnostics={
                "logit": logit,
                "background_logit": expected,
                "additivity_residual": float(residual),
                "background_images": len(background.images),
            },
        )


class _TargetLogit(nn.Module):
    """One class's logit, (n, 1): shap runs the whole network again for every output it sees."""

    def __init__(self, network: nn.Module, target: int) -> None:
        super().__init__()
        self.network = network
        self.target = target

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.network(pixels)
        return logits[:, self.target : self.target + 1]
