"""Saliency (Simonyan et al. 2014): where a small change would move the score most."""

from dataclasses import dataclass
from typing import ClassVar

from captum.attr import Saliency as CaptumSaliency

from explanations.attribution import Attribution
from explanations.classifier.checkpoint import Classifier
from explanations.methods.protocol import Background, Image


@dataclass(frozen=True)
class Saliency:
    """The absolute gradient of the logit, and of its three colour channels the largest.

    Gradients are those of the normalised input: per unit of a channel's standard deviation.
    """

    version: ClassVar[int] = 1
    channel: str = "maximum"

    def explain(
        self,
        classifier: Classifier,
        image: Image,
        target: int,
        seed: int,
        background: Background | None = None,
    ) -> Attribution:
        pixels = classifier.normalise(image[None]).requires_grad_()
        gradient = CaptumSaliency(classifier.network).attribute(pixels, target=target, abs=True)
        channels = gradient[0].detach().cpu().numpy()
        return Attribution(
            channels.max(axis=0),
            channels=channels,
            diagnostics={"maximum": float(channels.max())},
        )
