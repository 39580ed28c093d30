"""torchvision's networks with any number of outputs."""

from contextlib import nullcontext

import torch
from torch import nn
from torchvision import models

SIZED = {"vit_b_16"}
"""Networks that are built for one input size, because they learn a vector per patch."""
PATCH = 16


def build(name: str, outputs: int, size: int, *, empty: bool = False) -> nn.Module:
    """Return torchvision's network ``name`` with random weights, or without memory if ``empty``.

    Raises ValueError for an input size that the network cannot have.
    """
    given = {"image_size": size} if name in SIZED else {}
    if given and size % PATCH:
        raise ValueError(
            f"{name} divides images into patches of {PATCH} pixels, so its size must be a multiple "
            f"of {PATCH}, not {size}."
        )
    # On the device "meta" no random weights are drawn, which takes seconds for the large networks.
    with torch.device("meta") if empty else nullcontext():
        network: nn.Module = models.get_model(name, weights=None, num_classes=outputs, **given)
    return network
