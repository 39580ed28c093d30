"""Dependence of Integrated Gradients on its baseline, for four baselines."""

from itertools import combinations

import numpy as np

from explanations.evaluation.measures.localisation import area_under_roc
from explanations.evaluation.ranking import spearman, top_overlap
from explanations.evaluation.subject import Subject
from explanations.methods.integrated_gradients import IntegratedGradients

BASELINES = ("black", "white", "mean", "blurred")


def integrated_gradients_by_baseline(subject: Subject) -> dict[str, float]:
    """Compare every two baselines by the rank correlation of signed maps and the overlap of the
    largest values.

    If there is a mask, each baseline's pixel AUC of the absolute values is added.
    """
    case = subject.case
    maps = {
        name: subject.setting.explained_by(
            IntegratedGradients(baseline=name), "integrated_gradients", case.image, case.predicted
        ).relevance
        for name in BASELINES
    }
    values = {}
    for a, b in combinations(maps, 2):
        values[f"{a} and {b}|spearman"] = spearman(maps[a], maps[b])
        values[f"{a} and {b}|top_overlap"] = top_overlap(np.abs(maps[a]), np.abs(maps[b]))
    if case.mask is not None and case.has_object:
        for name, relevance in maps.items():
            values[f"{name}|auc"] = area_under_roc(np.abs(relevance), case.mask)
    return values
