"""Agreement of two methods about the relevant pixels of an image (Krishna et al. 2022)."""

from itertools import combinations

import numpy as np

from explanations.evaluation.ranking import spearman, top_overlap
from explanations.evaluation.subject import Subject

KINDS = {
    "spearman": "Rank correlation of absolute values",
    "top_overlap": "Share of the top 10 % of pixels in common; by chance .10",
}
SEPARATOR = "|"


def agreement(subject: Subject) -> dict[str, float]:
    """Compute ``kind|a|b`` for every two maps, from absolute values, since some methods have no
    sign."""
    sizes = {name: np.abs(relevance) for name, relevance in subject.maps.items()}
    values = {}
    for a, b in combinations(sizes, 2):
        values[SEPARATOR.join(("spearman", a, b))] = spearman(sizes[a], sizes[b])
        values[SEPARATOR.join(("top_overlap", a, b))] = top_overlap(sizes[a], sizes[b])
    return values
