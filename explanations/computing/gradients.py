"""One forward and one backward pass, which yield logits, gradients of the input, and maps of every
layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import torch
from torch import Tensor

from explanations.computing.chain import Chain, Layer
from explanations.computing.whole import WholeNetwork

Network = Chain | WholeNetwork


@dataclass(frozen=True, eq=False, kw_only=True)
class LayerPass:
    """Logits of n images, and the maps of layers for k of the logits.

    Layers are a chain's feature modules, numbered from 0, or the names of another network's
    modules.
    """

    logits: Tensor
    """Logits, with shape (n, classes)."""
    targets: Tensor
    """Class numbers, with shape (n, k)."""
    cams: Mapping[Layer, Tensor]
    """Sum of a layer's activations weighted by their mean gradients, (n, k, rows, columns), by
    layer.

    Selvaraju et al. 2017, equations 1 and 2, before the ReLU.
    """
    saliencies: Mapping[Layer, Tensor]
    """Largest absolute gradient over a layer's channels, (n, k, rows, columns), by layer."""

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Concatenate the passes of several groups of images."""

        def together(name: str) -> Any:
            values = [getattr(part, name) for part in parts]
            if isinstance(values[0], Tensor):
                return torch.cat(values)
            return {layer: torch.cat([value[layer] for value in values]) for layer in values[0]}

        return cls(**{field.name: together(field.name) for field in fields(cls)})


@dataclass(frozen=True, eq=False, kw_only=True)
class GradientPass(LayerPass):
    """A pass that goes back to the pixels."""

    inputs: Tensor
    """Gradient of the logit by the normalised input, with shape (n, k, channels, height,
    width)."""


def gradient_pass(
    network: Network, pixels: Tensor, targets: Tensor | None, layers: Sequence[Layer]
) -> GradientPass:
    """Run ``pixels`` (n, 3, h, w) forward once, and back once for each column of ``targets``.

    ``targets`` contains class numbers (n, k), or is None for the predicted class. ``layers`` lists
    the layers whose maps are needed.
    """
    with torch.enable_grad():
        entered = pixels.detach().requires_grad_()
        logits, outputs = network.watch(entered, layers)
        if targets is None:
            targets = logits.argmax(1, keepdim=True)
        sources = [entered, *(outputs[layer] for layer in layers)]
        inputs, *of_layers = _of_sources(logits, targets, sources)
    about = _about_layers(network, logits, targets, outputs, of_layers)
    return GradientPass(**about, inputs=inputs)


def layer_pass(
    network: Network, pixels: Tensor, targets: Tensor | None, layers: Sequence[Layer]
) -> LayerPass:
    """Do what ``gradient_pass`` does, but go back to the layers only, or not at all without layers.

    The bits are those of ``gradient_pass``: the pixels need gradients here as well, because torch
    computes attention differently where nothing does.
    """
    with torch.enable_grad():
        logits, outputs = network.watch(pixels.detach().requires_grad_(), layers)
        if targets is None:
            targets = logits.argmax(1, keepdim=True)
        of_layers = _of_sources(logits, targets, [outputs[layer] for layer in layers])
    return LayerPass(**_about_layers(network, logits, targets, outputs, of_layers))


def _of_sources(logits: Tensor, targets: Tensor, sources: Sequence[Tensor]) -> list[Tensor]:
    """Compute the gradients of the target logits (n, k) by each source, with shape (n, k, …)."""
    if not sources:
        return []
    by_column = [
        _backward(logits, targets[:, column], sources, last=column == targets.shape[1] - 1)
        for column in range(targets.shape[1])
    ]
    return [torch.stack(of_one_source, dim=1) for of_one_source in zip(*by_column, strict=True)]


def _about_layers(
    network: Network,
    logits: Tensor,
    targets: Tensor,
    outputs: Mapping[Layer, Tensor],
    of_layers: Sequence[Tensor],
) -> dict[str, Any]:
    """Return the fields of a LayerPass."""
    maps = {
        layer: _as_maps(network, layer, outputs[layer].detach(), gradient)
        for layer, gradient in zip(outputs, of_layers, strict=True)
    }
    return {
        "logits": logits.detach(),
        "targets": targets,
        "cams": {
            layer: (gradient.mean((3, 4), keepdim=True) * values[:, None]).sum(2)
            for layer, (values, gradient) in maps.items()
        },
        "saliencies": {layer: gradient.abs().amax(2) for layer, (_, gradient) in maps.items()},
    }


def layer_gradients(
    network: Network, pixels: Tensor, targets: Tensor, layer: Layer
) -> tuple[Tensor, Tensor]:
    """Return a layer's output (n, channels, rows, columns), and the gradient of each target logit
    by it (n, k, channels, rows, columns)."""
    with torch.enable_grad():
        logits, outputs = network.watch(pixels.detach().requires_grad_(), [layer])
        last = targets.shape[1] - 1
        gradients = [
            _backward(logits, targets[:, column], [outputs[layer]], last=column == last)[0]
            for column in range(targets.shape[1])
        ]
    return _as_maps(network, layer, outputs[layer].detach(), torch.stack(gradients, 1))


def input_gradients(network: Network, points: Tensor, targets: Tensor) -> Tensor:
    """Compute the gradients of the target logits (rows, k) by the pixels, with shape (rows, k,
    channels, height, width)."""
    with torch.enable_grad():
        entered = network.enter(points).detach().requires_grad_()
        chosen = network.run(entered).gather(1, targets).sum(0)
        last = len(chosen) - 1
        gradients = [
            torch.autograd.grad(logit, entered, retain_graph=column < last)[0]
            for column, logit in enumerate(chosen)
        ]
    return torch.stack(gradients, 1)


def _as_maps(
    network: Network, layer: Layer, values: Tensor, gradients: Tensor
) -> tuple[Tensor, Tensor]:
    """Return a layer's values (n, …) and their gradients (n, k, …) as maps."""
    by_class = network.as_maps(layer, gradients.flatten(0, 1))
    return network.as_maps(layer, values), by_class.view(*gradients.shape[:2], *by_class.shape[1:])


def _backward(
    logits: Tensor, targets: Tensor, sources: Sequence[Tensor], *, last: bool
) -> tuple[Tensor, ...]:
    chosen = logits.gather(1, targets[:, None]).sum()
    gradients = torch.autograd.grad(chosen, list(sources), retain_graph=not last, allow_unused=True)
    # A layer on which this logit does not depend has the gradient 0.
    return tuple(
        torch.zeros_like(source) if gradient is None else gradient
        for source, gradient in zip(sources, gradients, strict=True)
    )
