"""One forward and one backward pass, which yield logits, gradients of the input, and maps of every
layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explanations.computing.chain import Chain


@dataclass(frozen=True, eq=False)
class GradientPass:
    """Gradients of k logits of n images.

    Layers are the chain's feature modules, numbered from 0.
    """

    logits: Tensor
    """Logits, with shape (n, classes)."""
    targets: Tensor
    """Class numbers, with shape (n, k)."""
    inputs: Tensor
    """Gradient of the logit by the normalised input, with shape (n, k, 3, height, width)."""
    cams: Mapping[int, Tensor]
    """Sum of a layer's activations weighted by their mean gradients, (n, k, rows, columns), by
    layer.

    Selvaraju et al. 2017, equations 1 and 2, before the ReLU.
    """
    saliencies: Mapping[int, Tensor]
    """Largest absolute gradient over a layer's channels, (n, k, rows, columns), by layer."""


def gradient_pass(
    chain: Chain, pixels: Tensor, targets: Tensor | None, layers: Sequence[int]
) -> GradientPass:
    """Run ``pixels`` (n, 3, h, w) forward once, and back once for each column of ``targets``.

    ``targets`` contains class numbers (n, k), or is None for the predicted class. ``layers`` lists
    the feature modules whose maps are needed.
    """
    with torch.enable_grad():
        recorded = chain.record(pixels.detach().requires_grad_())
        logits = recorded[-1]
        if targets is None:
            targets = logits.argmax(1, keepdim=True)
        # Entry i + 1 of the record is the output of step i, and the maps are of outputs.
        sources = [recorded[0], *(recorded[layer + 1] for layer in layers)]
        by_column = [
            _backward(logits, targets[:, column], sources, last=column == targets.shape[1] - 1)
            for column in range(targets.shape[1])
        ]
    gradients = [
        torch.stack(of_one_source, dim=1) for of_one_source in zip(*by_column, strict=True)
    ]
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
