"""ROAD (Rong et al. 2022), which removes pixels by imputing them from their neighbours."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from explanations.evaluation.ranking import most_relevant_first
from explanations.evaluation.subject import Subject

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
NOISE = 0.01
DIRECT, DIAGONAL = 1 / 6, 1 / 12
NEIGHBOURS = ((0, 1, DIRECT), (1, 0, DIRECT), (1, 1, DIAGONAL), (1, -1, DIAGONAL))
"""Offset in rows, offset in columns, and weight. The other four neighbours follow by symmetry."""


def road(subject: Subject) -> dict[str, float]:
    """Compute half the probability lost by removing relevant pixels first instead of last.

    It is ``(LeRF - MoRF) / 2``, averaged over SHARES, as in pytorch-grad-cam, and 0 for a map that
    orders pixels at random. Imputed pixels get Gaussian noise of .01 in normalised units, so that
    their position is not recognisable.
    """
    seed = subject.case.seed("ties", subject.setting.seed)
    # The noise is the same for all maps of the image, so that maps differ only in their order of
    # pixels.
    noise = np.random.default_rng(seed).normal(0, NOISE, subject.pixels.shape)
    pixels = subject.pixels.double().cpu().numpy()
    filled = []
    for relevance in subject.maps.values():
        order = most_relevant_first(relevance, seed)
        for sequence in (order, order[::-1]):
            for share in SHARES:
                flat = np.zeros(len(order), dtype=bool)
                flat[sequence[: round(share * len(order))]] = True
                removed = flat.reshape(relevance.shape)
                filled.append(imputed(pixels, removed) + noise * removed)
    inputs = torch.from_numpy(np.stack(filled)).to(subject.pixels)
    probabilities = subject.probabilities(inputs).reshape(len(subject.maps), 2, -1).mean(2)
    return {
        name: float((last - first) / 2)
        for name, (first, last) in zip(subject.maps, probabilities, strict=True)
    }


def imputed(pixels: NDArray[np.float64], removed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Replace removed pixels of an image with shape (channels, height, width) by the weighted mean
    of their neighbours.

    Weights are 1/6 for direct and 1/12 for diagonal neighbours, normalised over the existing
    neighbours. The linear system is symmetric, banded, and positive definite if at least one pixel
    remains, so it is solved by Cholesky decomposition. Raises ValueError if all pixels are removed.
    """
    height, width = removed.shape
    if removed.all():
        raise ValueError(
            "All pixels are removed, but at least one must remain to impute the others."
        )
    unknown = removed.ravel()
    values = pixels.reshape(len(pixels), -1)
    diagonal = np.where(unknown, 0.0, 1.0)
    right = np.where(unknown, 0.0, values)
    bands = np.zeros((width + 2, height * width))  # lower form: row d holds entry (i + d, i)
    for down, across, weight in NEIGHBOURS:
        here, there = _pairs(height, width, down, across)
        for pixel, neighbour in ((here, there), (there, here)):
            is_unknown = unknown[pixel]
            np.add.at(diagonal, pixel[is_unknown], weight)
            known = is_unknown & ~unknown[neighbour]
            for channel, row in enumerate(right):
                np.add.at(row, pixel[known], weight * values[channel, neighbour[known]])
        both = unknown[here] & unknown[there]
        bands[down * width + across, here[both]] = -weight
    bands[0] = diagonal
    solved: NDArray[np.float64] = solveh_banded(bands, right.T, lower=True).T
    return solved.reshape(pixels.shape)


def _pairs(
    height: int, width: int, down: int, across: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of the pixels that have such a neighbour, and of that neighbour."""
    numbers = np.arange(height * width).reshape(height, width)
    columns = slice(max(0, -across), width - max(0, across))
    here = numbers[: height - down, columns].ravel()
    return here, here + down * width + across
