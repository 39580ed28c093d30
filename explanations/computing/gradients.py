"""One forward and one backward pass: logits, gradients of the input, and maps of every layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explanations.computing.chain import Chain


@dataclass(frozen=True, eq=False)
class GradientPass:
    """What the gradients of k logits of n images say.

    Layers are numbered from 0 over the feature modules of the chain.
    """

    logits: Tensor
    """(n, classes)"""
    targets: Tensor
    """Class numbers, (n, k)."""
    inputs: Tensor
    """Gradient of the logit by the normalised input, (n, k, 3, height, width)."""
    cams: Mapping[int, Tensor]
    """By layer: the sum of its activations weighted by their mean gradients, (n, k, rows, columns).

    Selvaraju et al. 2017, equations 1 and 2, before the ReLU.
    """
    saliencies: Mapping[int, Tensor]
    """By layer: the largest absolute gradient over its channels, (n, k, rows, columns)."""


def gradient_pass(
    chain: Chain, pixels: Tensor, targets: Tensor | None, layers: Sequence[int]
) -> GradientPass:
    """Run ``pixels`` (n, 3, h, w) forward once, and back once for each column of ``targets``.

    ``targets`` holds class numbers (n, k), None for the predicted class; ``layers`` the feature
    modules whose maps are wanted.
    """
    with torch.enable_grad():
        recorded = chain.record(pixels.detach().requires_grad_())
        logits = recorded[-1]
        if targets is None:
            targets = logits.argmax(1, keepdim=True)
        sources = [recorded[0], *(recorded[layer + 1] for layer in layers)]
        found = [
            _backward(logits, targets[:, column], sources, last=column == targets.shape[1] - 1)
            for column in range(targets.shape[1])
        ]
    gradients = [torch.stack(of_one_source, dim=1) for of_one_source in zip(*found, strict=True)]
    return GradientPass(
        logits=logits.detach(),
        targets=targets,
        inputs=gradients[0],
        cams={
            layer: (gradient.mean((3, 4), keepdim=True) * source.detach()[:, None]).sum(2)
            for layer, gradient, source in zip(layers, gradients[1:], sources[1:], strict=True)
        },
        saliencies={
            layer: gradient.abs().amax(2)
            for layer, gradient in zip(layers, gradients[1:], strict=True)
        },
    )


def _backward(
    logits: Tensor, targets: Tensor, sources: Sequence[Tensor], *, last: bool
) -> tuple[Tensor, ...]:
    chosen = logits.gather(1, targets[:, None]).sum()
    return torch.autograd.grad(chosen, list(sources), retain_graph=not last)
