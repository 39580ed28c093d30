"""Baselines: images without content that a method compares an image with.

``variants.py`` contains the names that a study file uses and the words that participants read.
Sturmfels, Lundberg and Lee, "Visualizing the impact of feature attribution baselines", Distill
2020, compare black, white, blurred and other baselines, and show what each of them misses.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from explanations.computing.workspace import Batch

BLUR_SHARE = 8
"""Image width divided by the blur's standard deviation: 4 pixels for a width of 32."""


def _flat(brightness: int) -> Callable[[Batch], Tensor]:
    def make(batch: Batch) -> Tensor:
        return batch.workspace.pixels(np.full_like(batch.images, brightness))

    return make


def _mean(batch: Batch) -> Tensor:
    return torch.zeros_like(batch.pixels)  # pixels are normalised by the mean colour


def _blurred(batch: Batch) -> Tensor:
    """Blur the image x with a Gaussian: sum over d of g(d) x(p + d), along rows and columns.

    g(d) is exp(-d² / 2σ²), normalised to a sum of 1 within three σ; σ is an eighth of the width. x
    is mirrored at the border.
    """
    sigma = batch.size[1] / BLUR_SHARE
    # Reflection cannot pad by the image's size or more; three standard deviations are enough.
    reach = min(int(3 * sigma), min(batch.size) - 1)
    return batch.workspace.network.enter(gaussian_blur(batch.pixels, 2 * reach + 1, sigma))


BASELINES: dict[str, Callable[[Batch], Tensor]] = {
    "black": _flat(0),
    "grey": _flat(128),
    "white": _flat(255),
    "mean": _mean,
    "blurred": _blurred,
}

SAME_FOR_ALL_IMAGES = ("black", "grey", "white", "mean")


def baseline_pixels(name: str, batch: Batch) -> Tensor:
    """Return the baseline of each image as network input (n, channels, height, width).

    Raises ValueError for an unknown name; the message lists the valid names.
    """
    if name not in BASELINES:
        known = ", ".join(BASELINES)
        raise ValueError(f"Unknown baseline {name!r}. Choose from {known}, or join several by +.")
    return BASELINES[name](batch)
