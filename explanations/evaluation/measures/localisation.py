"""Localisation: agreement of a map with the object's mask, for images with a mask.

An empty map counts as an even map, so that it scores at chance. Each measure also returns its
chance level, the expected score of an even or a random map on that image.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

from explanations.attribution import Floats
from explanations.evaluation.ranking import top_weights
from explanations.evaluation.subject import Subject

CHANCE = "chance"
Mask = NDArray[np.bool_]


def pointing_game(subject: Subject, tolerance: int = 0) -> dict[str, float]:
    """Return 1 if the map's largest value is on the object (Zhang et al. 2018), by map.

    ``tolerance`` widens the object by this many pixels.
    """
    mask = mask_of(subject)
    if tolerance:
        mask = ndimage.binary_dilation(mask, np.ones((3, 3)), iterations=tolerance)
    return {CHANCE: float(mask.mean())} | {
        name: hit(relevance, mask) for name, relevance in subject.maps.items()
    }


def mass_accuracy(subject: Subject) -> dict[str, float]:
    """Compute the share of the positive relevance that is on the object (Arras et al. 2022)."""
    mask = mask_of(subject)
    return {CHANCE: float(mask.mean())} | {
        name: mass_inside(relevance, mask) for name, relevance in subject.maps.items()
    }


def rank_accuracy(subject: Subject) -> dict[str, float]:
    """Compute the share of the K most relevant pixels that are on the object, which has
    K pixels."""
    mask = mask_of(subject)
    return {CHANCE: float(mask.mean())} | {
        name: ranked_inside(relevance, mask) for name, relevance in subject.maps.items()
    }


def pixel_auc(subject: Subject) -> dict[str, float]:
    """Compute the probability that a pixel of the object has a larger value than a background
    pixel."""
    mask = mask_of(subject)
    return {CHANCE: 0.5} | {
        name: area_under_roc(relevance, mask) for name, relevance in subject.maps.items()
    }


def mask_of(subject: Subject) -> Mask:
    """Return the image's mask, or raise ValueError if it is missing or lacks object or
    background."""
    mask = subject.case.mask
    if mask is None or not subject.case.has_object:
        raise ValueError(
            f"The image {subject.case.sha256[:12]} has no mask with object and background. "
            "Leave it out of the localisation measures."
        )
    return mask


def hit(relevance: Floats, mask: Mask) -> float:
    """Return 1 or 0, or the object's share of the maxima if several pixels have the largest
    value."""
    return float(mask[relevance == relevance.max()].mean())


def mass_inside(relevance: Floats, mask: Mask) -> float:
    """Compute the positive part's share on the object, or the object's area if nothing is
    positive."""
    positive = np.maximum(relevance, 0, dtype=np.float64)
    total = positive.sum()
    return float(positive[mask].sum() / total if total > 0 else mask.mean())


def ranked_inside(relevance: Floats, mask: Mask) -> float:
    """Compute the share of the most relevant pixels on the object. Ties at the limit count
    partly."""
    count = int(mask.sum())
    return float(top_weights(relevance, count)[mask.ravel()].sum() / count)


def area_under_roc(relevance: Floats, mask: Mask) -> float:
    """Compute Mann and Whitney's statistic, in which ties count one half."""
    ranks = stats.rankdata(relevance.ravel())
    inside = int(mask.sum())
    outside = mask.size - inside
    above = ranks[mask.ravel()].sum() - inside * (inside + 1) / 2
    return float(above / (inside * outside))
