"""Integrated Gradients against four baselines: how much of the map is the baseline's?"""

from itertools import combinations

import numpy as np

from explanations.evaluation.measures.localisation import area_under_roc
from explanations.evaluation.ranking import spearman, top_overlap
from explanations.evaluation.subject import Subject
from explanations.methods.integrated_gradients import IntegratedGradients

BASELINES = ("black", "white", "mean", "blurred")


def integrated_gradients_by_baseline(subject: Subject) -> dict[str, float]:
    """Of every two baselines: rank correlation of the signed maps, overlap of their largest sizes.

    With a mask also each baseline's pixel AUC of the absolute values.
    """
    case = subject.case
    maps = {
        name: subject.setting.explained_by(
            IntegratedGradients(baseline=name), "integrated_gradients", case.image, case.predicted
        ).relevance
        for name in BASELINES
    }
    found = {}
    for a, b in combinations(maps, 2):
        found[f"{a} and {b}|spearman"] = spearman(maps[a], maps[b])
        found[f"{a} and {b}|top_overlap"] = top_overlap(np.abs(maps[a]), np.abs(maps[b]))
    if case.mask is not None and case.has_object:
        for name, relevance in maps.items():
            found[f"{name}|auc"] = area_under_roc(np.abs(relevance), case.mask)
    return found
