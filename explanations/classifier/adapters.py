"""Fixed layers around networks of other shapes, so that everything else sees colour images and a
logit per class."""

from collections import OrderedDict

import torch
from torch import nn

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in a grey value (ITU-R BT.601), as Pillow converts."""


class Adapted(nn.Sequential):
    """A network with fixed layers before or after it. Only the network itself is stored."""

    network: nn.Module


def adapted(network: nn.Module, *, channels: int, outputs: int) -> nn.Module:
    """Return ``network`` for images with three channels and with at least two logits.

    A network of grey images gets a layer that converts colour to grey. A network with a single
    logit z gets a layer that returns (-z/2, z/2): their softmax is the sigmoid of z, and both
    classes have a score that can be explained.
    """
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    if channels == 1:
        grey = nn.Conv2d(3, 1, kernel_size=1, bias=False)
        grey.weight.data = torch.tensor(LUMA).reshape(1, 3, 1, 1)
        parts["grey"] = grey
    parts["network"] = network
    if outputs == 1:
        pair = nn.Linear(1, 2, bias=False)
        pair.weight.data = torch.tensor([[-0.5], [0.5]])
        parts["pair"] = pair
    if len(parts) == 1:
        return network
    return Adapted(parts).eval().requires_grad_(False)


def core_of(network: nn.Module) -> nn.Module:
    """Return the network without the fixed layers around it."""
    return network.network if isinstance(network, Adapted) else network
