"""Control maps, which are independent of the classifier and serve as a lower bound for every
method."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from explanations.attribution import Floats

LUMA = np.array([0.299, 0.587, 0.114])
CENTRE_SHARE = 4
"""Width of the image divided by the centre map's standard deviation."""


def random_map(image: NDArray[np.uint8], seed: int) -> Floats:
    """Draw uniform noise, independently for every pixel."""
    return np.random.default_rng(seed).random(image.shape[:2]).astype(np.float32)


def edge_map(image: NDArray[np.uint8], seed: int) -> Floats:
    """Compute the strength of edges in the luma (ITU-R 601) with Sobel's filter, from the image
    alone."""
    luma = image @ LUMA
    strength: Floats = np.hypot(ndimage.sobel(luma, 0), ndimage.sobel(luma, 1)).astype(np.float32)
    return strength


def centre_map(image: NDArray[np.uint8], seed: int) -> Floats:
    """Compute a Gaussian around the centre, because photographers centre their objects."""
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
