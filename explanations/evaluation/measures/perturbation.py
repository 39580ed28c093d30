"""Deletion and insertion (Petsiuk et al. 2018): dependence of the answer on the relevant pixels."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explanations.evaluation.ranking import most_relevant_first
from explanations.evaluation.subject import Subject

SHARES = (0.0, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares of changed pixels, close together at the beginning, where the curves bend."""


def deletion(subject: Subject, baseline: str) -> dict[str, float]:
    """Compute the area under the probability while the most relevant pixels become the baseline."""
    return _areas(subject, subject.pixels, subject.baseline(baseline))


def insertion(subject: Subject, baseline: str) -> dict[str, float]:
    """Compute the area under the probability while the most relevant pixels replace the
    baseline."""
    return _areas(subject, subject.baseline(baseline), subject.pixels)


def area(probabilities: NDArray[np.float64]) -> float:
    """Compute the area under the curve over SHARES by the trapezoidal rule."""
    return float(np.trapezoid(probabilities, SHARES))


def changed(begin: Tensor, end: Tensor, order: NDArray[np.int64]) -> Tensor:
    """Return ``begin`` with the first pixels of ``order`` taken from ``end``, with shape (shares,
    3, height, width)."""
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    counts = np.rint(np.array(SHARES) * len(order))
    taken = torch.from_numpy(places < counts[:, None]).to(begin.device)
    return torch.where(taken.reshape(-1, 1, *begin.shape[1:]), end, begin)


def _areas(subject: Subject, begin: Tensor, end: Tensor) -> dict[str, float]:
    seed = subject.case.seed("ties", subject.setting.seed)
    # Both ends of the curve are the same for every map, so they are computed once.
    first, last = subject.probabilities(torch.stack([begin, end]))
    between = [
        changed(begin, end, most_relevant_first(relevance, seed))[1:-1]
        for relevance in subject.maps.values()
    ]
    probabilities = subject.probabilities(torch.cat(between)).reshape(len(between), -1)
    return {
        name: area(np.concatenate([[first], curve, [last]]))
        for name, curve in zip(subject.maps, probabilities, strict=True)
    }
