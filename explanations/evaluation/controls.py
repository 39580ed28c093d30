"""Maps that never look at the classifier: what no method may be worse than without our knowing."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from explanations.attribution import Floats

LUMA = np.array([0.299, 0.587, 0.114])
CENTRE_SHARE = 4
"""The centre map's standard deviation is the image's side divided by this."""


def random_map(image: NDArray[np.uint8], seed: int) -> Floats:
    """Uniform noise, every pixel by itself."""
    return np.random.default_rng(seed).random(image.shape[:2]).astype(np.float32)


def edge_map(image: NDArray[np.uint8], seed: int) -> Floats:
    """The strength of edges in the luma (ITU-R 601) after Sobel: it knows the image alone."""
    luma = image @ LUMA
    strength: Floats = np.hypot(ndimage.sobel(luma, 0), ndimage.sobel(luma, 1)).astype(np.float32)
    return strength


def centre_map(image: NDArray[np.uint8], seed: int) -> Floats:
    """A Gaussian hill in the middle: photographers centre their objects."""
    rows, columns = (
        np.exp(-0.5 * ((np.arange(side) - (side - 1) / 2) * CENTRE_SHARE / side) ** 2)
        for side in image.shape[:2]
    )
    return np.outer(rows, columns).astype(np.float32)


CONTROLS: Mapping[str, Callable[[NDArray[np.uint8], int], Floats]] = {
    "random": random_map,
    "edges": edge_map,
    "centre": centre_map,
}
LABELS = {"random": "Random map", "edges": "Edges (Sobel)", "centre": "Centre"}
