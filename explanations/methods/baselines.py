"""Images to start from: the images without content that a method compares an image with.

The names that a study uses, with the words that people read, are in ``variants.py``.
Sturmfels, Lundberg and Lee, "Visualizing the impact of feature attribution baselines", Distill
2020, compare black, white, blurred and other baselines, and what each of them cannot see.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from explanations.computing.workspace import Batch

BLUR_SHARE = 8
"""The blur's standard deviation is the image's width divided by this: 4 pixels of 32."""


def _flat(brightness: int) -> Callable[[Batch], Tensor]:
    def make(batch: Batch) -> Tensor:
        return batch.workspace.pixels(np.full_like(batch.images, brightness))

    return make


def _mean(batch: Batch) -> Tensor:
    return torch.zeros_like(batch.pixels)  # pixels are normalised by this very mean


def _blurred(batch: Batch) -> Tensor:
    """The image x itself under a Gaussian: sum over d of g(d) x(p + d), along rows and columns.

    g(d) is exp(-d² / 2σ²) over its sum within three σ, which is an eighth of the width; x is
    mirrored at the border.
    """
    sigma = batch.size[1] / BLUR_SHARE
    # Reflection can pad by less than the image; three standard deviations are enough.
    reach = min(int(3 * sigma), min(batch.size) - 1)
    return batch.workspace.chain.enter(gaussian_blur(batch.pixels, 2 * reach + 1, sigma))


BASELINES: dict[str, Callable[[Batch], Tensor]] = {
    "black": _flat(0),
    "grey": _flat(128),
    "white": _flat(255),
    "mean": _mean,
    "blurred": _blurred,
}


def baseline_pixels(name: str, batch: Batch) -> Tensor:
    """Network input (n, 3, height, width); ValueError lists the names there are."""
    if name not in BASELINES:
        known = ", ".join(BASELINES)
        raise ValueError(f"There is no baseline {name!r}. Choose from {known}, or join some by +.")
    return BASELINES[name](batch)
