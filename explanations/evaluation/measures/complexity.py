"""Complexity of a map, measured by how few pixels it highlights."""

import numpy as np

from explanations.attribution import Floats
from explanations.evaluation.subject import Subject


def gini(subject: Subject) -> dict[str, float]:
    """Compute the Gini index of the absolute values (Chalasani et al. 2020), by map."""
    return {name: gini_index(relevance) for name, relevance in subject.maps.items()}


def entropy(subject: Subject) -> dict[str, float]:
    """Compute the relative entropy of the absolute values (Bhatt et al. 2020), by map."""
    return {name: relative_entropy(relevance) for name, relevance in subject.maps.items()}


def gini_index(relevance: Floats) -> float:
    """Compute the Gini index of the absolute values. It is 0 for an even or empty map, and near 1
    if few pixels are relevant."""
    values = np.sort(np.abs(relevance.ravel()).astype(np.float64))
    total, count = values.sum(), len(values)
    if total == 0:
        return 0.0
    places = 2 * np.arange(1, count + 1) - count - 1
    return float(places @ values / (count * total))


def relative_entropy(relevance: Floats) -> float:
    """Compute the entropy of the absolute values over the logarithm of the number of pixels.

    It is 1 for an even map and for an empty map.
    """
    values = np.abs(relevance.ravel()).astype(np.float64)
    if values.sum() == 0:
        return 1.0
    shares = values[values > 0] / values.sum()
    return float(-(shares @ np.log(shares)) / np.log(relevance.size))
