"""Integrated Gradients (Sundararajan et al. 2017): each pixel's share of the change in score."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from captum.attr import IntegratedGradients as CaptumIntegratedGradients

from explanations.attribution import Attribution
from explanations.classifier.checkpoint import Classifier
from explanations.methods.protocol import Background, Image

BASELINES = {"black": 0, "grey": 128, "white": 255}


@dataclass(frozen=True)
class IntegratedGradients:
    """The path from the baseline to the image, in ``steps``; the shares of a pixel are summed.

    The baseline is an image of one brightness, so a pixel that has it gets no share. The shares
    should add up to the change of the logit: ``completeness_delta`` says by how much they do not.
    """

    version: ClassVar[int] = 1
    steps: int = 50
    rule: str = "gausslegendre"
    baseline: str = "black"

    def explain(
        self,
        classifier: Classifier,
        image: Image,
        target: int,
        seed: int,
        background: Background | None = None,
    ) -> Attribution:
        start = torch.full(image.shape, BASELINES[self.baseline], dtype=torch.uint8).numpy()
        pixels = classifier.normalise(image[None])
        baseline = classifier.normalise(start[None])
        shares, delta = CaptumIntegratedGradients(classifier.network).attribute(
            pixels,
            baselines=baseline,
            target=target,
            n_steps=self.steps,
            method=self.rule,
            return_convergence_delta=True,
        )
        with torch.no_grad():
            logits = classifier.network(torch.cat([pixels, baseline]))[:, target]
        channels = shares[0].detach().float().cpu().numpy()
        return Attribution(
            channels.sum(axis=0),
            channels=channels,
            diagnostics={
                "logit": float(logits[0]),
                "baseline_logit": float(logits[1]),
                "completeness_delta": float(delta),
            },
        )
