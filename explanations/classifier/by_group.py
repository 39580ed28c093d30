"""Figures of a classifier by class or by any other group of images: is it equally good for all?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

BINS = 15
"""Bins of equal width of the calibration error, as in Guo et al. 2017."""


@dataclass(frozen=True)
class GroupFigures:
    """Figures of one group. Intervals are Wilson's, at 95 %."""

    group: str
    images: int
    recall: float
    """Share of the group's images that are predicted correctly; of a class, its recall."""
    recall_low: float
    recall_high: float
    precision: float | None
    """Share of the predictions of this class that are right; None for a group that is no class, and
    for a class that is never predicted."""
    confidence: float
    """Mean probability of the predicted class."""
    calibration_error: float
    """Expected calibration error: mean distance of confidence and accuracy over the bins."""
    p: float
    """Two-sided p of Fisher's exact test of the group's recall against all other images."""
    p_holm: float
    """p adjusted for all groups (Holm 1979)."""


def by_class(
    probabilities: NDArray[np.floating], labels: NDArray[np.integer], names: Sequence[str]
) -> list[GroupFigures]:
    """Compute the figures of each class with images. ``probabilities`` are (n, classes)."""
    return by_group(probabilities, labels, [names[label] for label in labels], names)


def by_group(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.integer],
    groups: Sequence[str],
    names: Sequence[str] = (),
) -> list[GroupFigures]:
    """Compute the figures of each group, sorted by name or in the order of ``names``.

    ``names`` lists the classes if the groups are the classes; precision is then computed, too.
    Raises ValueError for arrays of different lengths and for fewer than two groups.
    """
    confidences = probabilities.max(1).astype(np.float64)
    return figures_by_group(probabilities.argmax(1), confidences, labels, groups, names)


def figures_by_group(
    predicted: NDArray[np.integer],
    confidences: NDArray[np.float64],
    labels: NDArray[np.integer],
    groups: Sequence[str],
    names: Sequence[str] = (),
) -> list[GroupFigures]:
    """Compute the figures of ``by_group`` from predicted classes and their probabilities."""
    if not len(predicted) == len(labels) == len(groups):
        raise ValueError(
            f"There are {len(predicted)} predictions, {len(labels)} labels and {len(groups)} "
            "groups. Give one of each per image."
        )
    distinct = [name for name in names if name in set(groups)] or sorted(set(groups))
    if len(distinct) < 2:
        raise ValueError(f"The only group is {distinct}. A comparison needs at least two.")
    right = predicted == labels
    members = [np.array([group == name for group in groups]) for name in distinct]
    ps = [_against_the_others(right, inside) for inside in members]
    adjusted = multipletests(ps, method="holm")[1]
    return [
        _figures(
            name,
            inside,
            right,
            confidences,
            p,
            float(holm),
            _precision(name, predicted, right, names),
        )
        for name, inside, p, holm in zip(distinct, members, ps, adjusted, strict=True)
    ]


@dataclass(frozen=True)
class ReliabilityBin:
    """Images whose confidence lies in a bin of the reliability diagram."""

    low: float
    high: float
    images: int
    confidence: float
    """Mean probability of the predicted class."""
    accuracy: float


def reliability(
    confidences: NDArray[np.floating], right: NDArray[np.bool_]
) -> list[ReliabilityBin]:
    """Return the bins with images of a reliability diagram, of 15 bins of equal width."""
    places = np.minimum((confidences * BINS).astype(int), BINS - 1)
    return [
        ReliabilityBin(
            low=int(place) / BINS,
            high=(int(place) + 1) / BINS,
            images=int((places == place).sum()),
            confidence=float(confidences[places == place].mean()),
            accuracy=float(right[places == place].mean()),
        )
        for place in np.unique(places)
    ]


def calibration_error(confidences: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """Compute the expected calibration error over 15 bins of equal width (Guo et al. 2017)."""
    return float(
        sum(
            part.images / len(right) * abs(part.accuracy - part.confidence)
            for part in reliability(confidences, right)
        )
    )


def _figures(
    name: str,
    inside: NDArray[np.bool_],
    right: NDArray[np.bool_],
    confidences: NDArray[np.float64],
    p: float,
    p_holm: float,
    precision: float | None,
) -> GroupFigures:
    correct, count = int(right[inside].sum()), int(inside.sum())
    low, high = proportion_confint(correct, count, method="wilson")
    return GroupFigures(
        group=name,
        images=count,
        recall=correct / count,
        recall_low=float(low),
        recall_high=float(high),
        precision=precision,
        confidence=float(confidences[inside].mean()),
        calibration_error=calibration_error(confidences[inside], right[inside]),
        p=p,
        p_holm=p_holm,
    )


def _precision(
    name: str, predicted: NDArray[np.integer], right: NDArray[np.bool_], names: Sequence[str]
) -> float | None:
    if name not in names:
        return None
    answers = predicted == list(names).index(name)
    return float(right[answers].mean()) if answers.any() else None


def _against_the_others(right: NDArray[np.bool_], inside: NDArray[np.bool_]) -> float:
    table = [
        [int((right[side] == answer).sum()) for answer in (True, False)]
        for side in (inside, ~inside)
    ]
    return float(fisher_exact(table).pvalue)
