"""The network's own table of layers and sizes, compared with the table that the report prints."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explanations.classifier.network import VGG13, parameter_count
from explanations.source_report import stated
from explanations.source_report.stated import Layer

MEGABYTE = 1024**2
VALUE_BYTES = 4
"""Size of a float32."""


@dataclass(frozen=True)
class Row:
    """A layer as printed in the report, and as this network has it at 32 x 32 pixels."""

    number: int
    printed: Layer
    actual: Layer

    @property
    def same_shape(self) -> bool:
        """Check whether both have the same output shape."""
        return self.printed.shape == self.actual.shape

    @property
    def same_otherwise(self) -> bool:
        """Check whether both have the same kind of module and number of parameters."""
        return (self.printed.name, self.printed.parameters) == (
            self.actual.name,
            self.actual.parameters,
        )


def compared() -> list[Row]:
    """Compare the network at 32 x 32 pixels with the report's table, layer by layer."""
    pairs = zip(stated.LAYERS, layers_of(VGG13(), 32), strict=True)
    return [Row(number, printed, actual) for number, (printed, actual) in enumerate(pairs, start=1)]


def layers_of(network: VGG13, size: int) -> list[Layer]:
    """List kind, output shape and parameters of each module for a square image of ``size`` pixels.

    Raises RuntimeError, with torch's message, at the first module that refuses its input.
    """
    values = torch.zeros(1, 3, size, size)
    layers = []
    network.eval()
    with torch.no_grad():
        for module in (*network.conv_layers, *network.fc_layers):
            if isinstance(module, nn.Linear):
                values = torch.flatten(values, 1)
            values = module(values)
            layers.append(_layer(module, values))
    return layers


def sizes_mb(layers: Sequence[Layer], size: int) -> dict[str, float]:
    """Compute the sizes in MB as the package torchsummary does, from which the report's table is.

    It counts every module's output twice, for the forward and the backward pass.
    """
    values = sum(math.prod(layer.shape) for layer in layers)
    parameters = sum(layer.parameters for layer in layers)
    sizes = {
        "input": 3 * size * size * VALUE_BYTES / MEGABYTE,
        "forward and backward": 2 * values * VALUE_BYTES / MEGABYTE,
        "parameters": parameters * VALUE_BYTES / MEGABYTE,
    }
    return sizes | {"total": sum(sizes.values())}


def refusal(size: int) -> str:
    """Return torch's message if the network refuses a square image of this size, or nothing."""
    try:
        layers_of(VGG13(), size)
    except RuntimeError as error:
        return str(error)
    return ""


def features(size: int) -> int:
    """Return the number of values that the flattening yields for an image of this size."""
    flat: Tensor = VGG13().conv_layers(torch.zeros(1, 3, size, size))
    return flat.numel()


def _layer(module: nn.Module, values: Tensor) -> Layer:
    return Layer(type(module).__name__, tuple(values.shape[1:]), parameter_count(module))
