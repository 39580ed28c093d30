"""A function for each claim of the conclusions that has numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import rankdata

from explanations.evaluation.statistics import Mean
from explanations.source_report.evidence import MISSING, NOT_DONE, PEOPLE, Evidence, Judged
from explanations.source_report.judging import (
    INFLUENCE,
    NAMES,
    judged_by,
    loss_lines,
    unless_beaten,
)
from explanations.source_report.verdicts import FEW, HOLDS, OPEN, Line

RESAMPLES = 500


def trust_rises(evidence: Evidence) -> Judged:
    """Judge whether explanations raise trust: only people can tell."""
    if evidence.study is None:
        return Judged(OPEN, "No results of a study were given.", reason=MISSING)
    if evidence.study.get("simulated", True):
        return Judged(
            OPEN,
            "The study on this page has synthetic participants, who cannot tell whether "
            "explanations raise people's trust. With real people, the platform makes the same "
            "comparison.",
            reason=PEOPLE,
        )
    return Judged(
        OPEN,
        "The study on this page has people. Its own report tests its hypotheses, of which this "
        "sentence need not be one, so that this page gives no verdict.",
        reason=NOT_DONE,
    )


def maps_show_influence(evidence: Evidence) -> Judged:
    """Judge for all five methods together whether their pixels count more than others."""
    lines: list[Line] = []
    for key, label in (("gradcam", "Grad-CAM's"), ("saliency", "saliency's")):
        lines += loss_lines(evidence.depth, evidence.labels, key, label)
    for key, label in (
        ("lime", "LIME's"),
        ("integrated_gradients:black", "Integrated Gradients' (black)"),
        ("deepshap", "SHAP's"),
    ):
        lines += loss_lines(evidence.methods, evidence.labels, key, label)
    judged = judged_by(
        "The rows on influence of all five methods are judged together, with Integrated Gradients "
        f"from black only. {INFLUENCE}",
        lines,
    )
    judged = unless_beaten(judged, evidence, *NAMES)
    holding = sum(line.verdict == HOLDS for line in lines)
    remark = f" Of these {len(lines)} comparisons, {holding} pass."
    return replace(judged, measured=judged.measured + remark)


def maps_tell_errors(evidence: Evidence) -> Judged:
    """Return how well the spread of a map tells wrong from right predictions.

    It stays open: two numbers of two methods cannot speak for all maps or for people.
    """
    lines: list[Line] = []
    for key, numbers in evidence.depth.items():
        images = [values for of_class in numbers.values() for values in of_class]
        for name, label in (
            ("cam_entropy:13", "Grad-CAM's spread"),
            ("saliency_roughness", "saliency's roughness"),
            ("confidence", "a low probability alone, without a map,"),
        ):
            sides = [
                [v[name] for v in images if v.get("right") == right and name in v]
                for right in (1.0, 0.0)
            ]
            if min(map(len, sides)) < FEW:
                continue
            # A wrong prediction is expected to have a more spread map and a lower probability.
            right, wrong = sides if name != "confidence" else sides[::-1]
            quantity = f"AUC of {label} for wrong predictions"
            lines.append(Line(evidence.labels[key], quantity, area_above(right, wrong)))
    if evidence.depth and not lines:
        too_few = f"There are fewer than {FEW} wrong predictions among the images."
        return Judged(OPEN, too_few, reason=MISSING)
    return Judged(
        OPEN,
        "Whether a map tells when errors occur was measured: each number is the probability that a "
        "wrong prediction's map is more spread, or rougher, than a right prediction's (AUC; 0.5 is "
        "chance, and below 0.5 the map points the wrong way). The control is the probability of "
        "the predicted class, which needs no map; no map tells more than this control, so that no "
        "case is shown beyond it. Other properties of a map may tell more. Why errors occur needs "
        "people; a study of the platform measures whether they reject wrong predictions, here with "
        "synthetic participants.",
        lines,
    )


def classes_differ(evidence: Evidence) -> Judged:
    """Return which part of the claim needs no explanation, and what maps add."""
    found = [
        f"{key}, seed {card['seed']}: recall from {min(recalls):.3f} to {max(recalls):.3f}"
        for key, cards in evidence.cards.items()
        for card in cards[:1]
        for recalls in [recall_by_class(card)]
    ]
    return Judged(
        OPEN,
        "Differences between classes are found without any explanation: "
        + ("; ".join(found) if found else "no card is on this machine")
        + ", by the confusion matrices of “The two recipes”. Whether maps reveal a bias could be "
        "measured with a network that was trained to have a known one; this was not done. "
        "CIFAR-10 has no groups of people.",
        reason=NOT_DONE,
    )


def recall_by_class(card: Mapping[str, Any]) -> list[float]:
    """Compute each class's recall on the test images from the card's confusion matrix."""
    confusion = card["evaluation"]["test"]["confusion"]
    return [row[number] / sum(row) for number, row in enumerate(confusion)]


def area_above(low: Sequence[float], high: Sequence[float]) -> Mean:
    """Compute the probability that a value of ``high`` exceeds a value of ``low``, with its
    bootstrap interval.

    The direction is not chosen from the numbers, which would make the estimate 0.5 or more.
    """
    generator = np.random.default_rng(0)
    value = _auc(low, high)
    drawn = [
        _auc(*(list(generator.choice(side, len(side))) for side in (low, high)))
        for _ in range(RESAMPLES)
    ]
    below, above = np.quantile(drawn, [0.025, 0.975])
    return Mean(value, float(below), float(above), len(low) + len(high))


def _auc(low: Sequence[float], high: Sequence[float]) -> float:
    ranks = rankdata([*low, *high])[len(low) :]
    return float((ranks.sum() - len(high) * (len(high) + 1) / 2) / (len(low) * len(high)))
