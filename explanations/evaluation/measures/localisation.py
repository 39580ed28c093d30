"""Localisation: does the map lie on the object? Only where a mask says where the object is.

An empty map counts as an even one, so it scores at chance. Each measure returns its chance level
too: what an even map, or one drawn at random, is expected to score on this very image.
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
    """1 where the map's largest value lies on the object (Zhang et al. 2018).

    ``tolerance`` widens the object by so many pixels.
    """
    mask = mask_of(subject)
    if tolerance:
        mask = ndimage.binary_dilation(mask, np.ones((3, 3)), iterations=tolerance)
    return {CHANCE: float(mask.mean())} | {
        name: hit(relevance, mask) for name, relevance in subject.maps.items()
    }


def mass_accuracy(subject: Subject) -> dict[str, float]:
    """The share of the positive relevance that lies on the object (Arras et al. 2022)."""
    mask = mask_of(subject)
    return {CHANCE: float(mask.mean())} | {
        name: mass_inside(relevance, mask) for name, relevance in subject.maps.items()
    }


def rank_accuracy(subject: Subject) -> dict[str, float]:
    """Of the K most relevant pixels, K as many as the object has: the share on the object."""
    mask = mask_of(subject)
    return {CHANCE: float(mask.mean())} | {
        name: ranked_inside(relevance, mask) for name, relevance in subject.maps.items()
    }


def pixel_auc(subject: Subject) -> dict[str, float]:
    """The chance that a pixel of the object has a larger value than one beside it."""
    mask = mask_of(subject)
    return {CHANCE: 0.5} | {
        name: area_under_roc(relevance, mask) for name, relevance in subject.maps.items()
    }


def mask_of(subject: Subject) -> Mask:
    """Raises ValueError where there is no mask, or one without or with nothing but the object."""
    mask = subject.case.mask
    if mask is None or not subject.case.has_object:
        raise ValueError(
            f"The image {subject.case.sha256[:12]} has no mask with object and ground."
        )
    return mask


def hit(relevance: Floats, mask: Mask) -> float:
    """1 or 0; where several pixels share the largest value, the share of them on the object."""
    return float(mask[relevance == relevance.max()].mean())


def mass_inside(relevance: Floats, mask: Mask) -> float:
    """Of the positive part; the share of the area where nothing is positive."""
    positive = np.maximum(relevance, 0, dtype=np.float64)
    total = positive.sum()
    return float(positive[mask].sum() / total if total > 0 else mask.mean())


def ranked_inside(relevance: Floats, mask: Mask) -> float:
    """Equal pixels at the limit count in proportion."""
    count = int(mask.sum())
    return float(top_weights(relevance, count)[mask.ravel()].sum() / count)


def area_under_roc(relevance: Floats, mask: Mask) -> float:
    """Mann and Whitney's statistic, equal values counting one half."""
    ranks = stats.rankdata(relevance.ravel())
    inside = int(mask.sum())
    outside = mask.size - inside
    above = ranks[mask.ravel()].sum() - inside * (inside + 1) / 2
    return float(above / (inside * outside))
