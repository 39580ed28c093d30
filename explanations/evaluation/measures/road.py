"""ROAD (Rong et al. 2022): pixels are removed by filling them in from their neighbours."""

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
"""Rows down, columns right, weight; the other four follow by symmetry."""


def road(subject: Subject) -> dict[str, float]:
    """Half the probability lost by removing relevant pixels first instead of last, mean of SHARES.

    ``(LeRF - MoRF) / 2`` as in pytorch-grad-cam; 0 for a map that orders pixels at random. Filled
    pixels get Gaussian noise of .01 in normalised units, so that they do not tell where they are.
    """
    seed = subject.case.seed("ties", subject.setting.seed)
    noise = np.random.default_rng(seed).normal(0, NOISE, subject.pixels.shape)
    pixels = subject.pixels.double().cpu().numpy()
    filled = []
    for relevance in subject.maps.values():
        order = most_relevant_first(relevance, seed)
        for one in (order, order[::-1]):
            for share in SHARES:
                flat = np.zeros(len(order), dtype=bool)
                flat[one[: round(share * len(order))]] = True
                removed = flat.reshape(relevance.shape)
                filled.append(imputed(pixels, removed) + noise * removed)
    inputs = torch.from_numpy(np.stack(filled)).to(subject.pixels)
    found = subject.probabilities(inputs).reshape(len(subject.maps), 2, -1).mean(2)
    return {
        name: float((last - first) / 2)
        for name, (first, last) in zip(subject.maps, found, strict=True)
    }


def imputed(pixels: NDArray[np.float64], removed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Pixels (channels, h, w) where each removed one is the weighted mean of its neighbours.

    Weights are 1/6 beside and 1/12 across the corner, shared out among the neighbours there are.
    The linear system is symmetric, positive definite (if one pixel is left) and banded: Cholesky.
    """
    height, width = removed.shape
    if removed.all():
        raise ValueError("At least one pixel must be left to fill the others in from.")
    unknown = removed.ravel()
    values = pixels.reshape(len(pixels), -1)
    diagonal = np.where(unknown, 0.0, 1.0)
    right = np.where(unknown, 0.0, values)
    bands = np.zeros((width + 2, height * width))  # lower form: row d holds entry (i + d, i)
    for down, across, weight in NEIGHBOURS:
        here, there = _pairs(height, width, down, across)
        for one, other in ((here, there), (there, here)):
            asks = unknown[one]
            np.add.at(diagonal, one[asks], weight)
            known = asks & ~unknown[other]
            for channel, row in enumerate(right):
                np.add.at(row, one[known], weight * values[channel, other[known]])
        both = unknown[here] & unknown[there]
        bands[down * width + across, here[both]] = -weight
    bands[0] = diagonal
    solved: NDArray[np.float64] = solveh_banded(bands, right.T, lower=True).T
    return solved.reshape(pixels.shape)


def _pairs(
    height: int, width: int, down: int, across: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of the pixels that have such a neighbour, and of that neighbour."""
    numbers = np.arange(height * width).reshape(height, width)
    columns = slice(max(0, -across), width - max(0, across))
    here = numbers[: height - down, columns].ravel()
    return here, here + down * width + across
