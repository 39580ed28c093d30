"""A function for each claim of the conclusions that has numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import rankdata

from explanations.evaluation.statistics import Mean
from explanations.source_report.evidence import Evidence, Judged
from explanations.source_report.judging import judged_by, loss_lines
from explanations.source_report.verdicts import FEW, HOLDS, OPEN, Line

RESAMPLES = 500
FAITHFUL = ("deletion_blur", "deletion_mean", "insertion_blur", "insertion_mean", "road")
"""Measures of evaluate_explanations that hide or show the pixels of a map."""
NAMES = {
    "gradcam": "Grad-CAM",
    "saliency": "saliency",
    "lime": "LIME",
    "integrated_gradients": "Integrated Gradients",
    "deepshap": "SHAP",
}


def trust_rises(evidence: Evidence) -> Judged:
    """Judge whether explanations raise trust: only people can tell."""
    if evidence.study is None:
        return Judged(OPEN, "No results of a study were given.")
    if evidence.study.get("simulated", True):
        return Judged(
            OPEN,
            "The study on this page has synthetic participants, who cannot tell whether "
            "explanations raise people's trust. With real people, the platform makes the same "
            "comparison.",
        )
    return Judged(
        OPEN,
        "The study on this page has people. Its own report tests its hypotheses, of which this "
        "sentence need not be one, so that this page gives no verdict.",
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
        "The rows on influence of all five methods together. By this measure, the claim holds if "
        "it does for every method. Probability that the class loses when the strongest tenth of "
        "the pixels is blurred, minus its loss by other pixels: a random tenth, and the same map "
        "rotated by 180 degrees.",
        lines,
    )
    beaten = _beaten_by_controls(evidence)
    if judged.verdict == HOLDS and beaten:
        remark = (
            " By other measures of the comparison, a map that ignores the network is better than "
            f"{'; '.join(beaten)}. The measures disagree, so that this page gives no verdict."
        )
        return replace(judged, verdict=OPEN, measured=judged.measured + remark)
    return judged


def _beaten_by_controls(evidence: Evidence) -> list[str]:
    """Return each method that a control exceeds by some measure, with the measures."""
    evaluation = evidence.evaluation or {}
    controls = evaluation.get("controls", ())
    found: dict[str, list[str]] = {}
    for measure in evaluation.get("measures", ()):
        sign = {"higher": 1, "lower": -1}.get(measure["better"])
        if sign is None or measure["key"] not in FAITHFUL:
            continue
        rows = {row["method"]: row for row in measure["rows"] if row["images"] == "all"}
        for method in evaluation.get("methods", ()):
            if any(
                _is_better(rows[control], rows[method], sign)
                for control in controls
                if control in rows and method in rows
            ):
                found.setdefault(NAMES.get(method, method), []).append(measure["label"])
    return [f"{method} ({', '.join(measures)})" for method, measures in found.items()]


def _is_better(control: Mapping[str, Any], method: Mapping[str, Any], sign: int) -> bool:
    """Check whether the control's whole interval is on the better side of the method's."""
    if None in (control["low"], control["high"], method["low"], method["high"]):
        return False
    return bool(control["low"] > method["high"] if sign > 0 else control["high"] < method["low"])


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
            ("confidence", "the probability alone, without a map,"),
        ):
            sides = [
                [v[name] for v in images if v.get("right") == right and name in v]
                for right in (1.0, 0.0)
            ]
            if min(map(len, sides)) < FEW:
                continue
            quantity = f"chance that {label} tells a wrong from a right prediction"
            lines.append(Line(evidence.labels[key], quantity, area_between(*sides)))
    if evidence.depth and not lines:
        return Judged(OPEN, f"There are fewer than {FEW} wrong predictions among the images.")
    return Judged(
        OPEN,
        "When: the probability that a wrong prediction's map is more spread than a right one's, or "
        "less, whichever tells more; .5 is chance. The control is the probability of the predicted "
        "class, which needs no map. Other properties of a map may tell more. Why: only people can "
        "tell, and the study measures whether they reject wrong predictions.",
        lines,
    )


def classes_differ(evidence: Evidence) -> Judged:
    """Return which part of the claim needs no explanation, and what maps add."""
    found = [
        f"{key}, seed {card['seed']}: recall from {min(recalls):.2f} to {max(recalls):.2f}"
        for key, cards in evidence.cards.items()
        for card in cards[:1]
        for recalls in [recall_by_class(card)]
    ]
    return Judged(
        OPEN,
        "Differences between classes are found without any explanation: "
        + ("; ".join(found) if found else "no card is on this machine")
        + ". CIFAR-10 has no groups of people, and no map was needed; the tables above add the "
        "maps' faithfulness by class.",
    )


def recall_by_class(card: Mapping[str, Any]) -> list[float]:
    """Compute each class's recall on the test images from the card's confusion matrix."""
    confusion = card["evaluation"]["test"]["confusion"]
    return [row[number] / sum(row) for number, row in enumerate(confusion)]


def area_between(right: Sequence[float], wrong: Sequence[float]) -> Mean:
    """Compute the area under the ROC curve, at least .5, with its bootstrap interval."""
    generator = np.random.default_rng(0)
    value = _auc(right, wrong)
    sign = 1 if value >= 0.5 else -1
    drawn = [
        _auc(*(list(generator.choice(side, len(side))) for side in (right, wrong)))
        for _ in range(RESAMPLES)
    ]
    sides = 0.5 + sign * (np.array([value, *np.quantile(drawn, [0.025, 0.975])]) - 0.5)
    return Mean(
        float(sides[0]), float(min(sides[1:])), float(max(sides[1:])), len(right) + len(wrong)
    )


def _auc(right: Sequence[float], wrong: Sequence[float]) -> float:
    ranks = rankdata([*right, *wrong])[len(right) :]
    return float((ranks.sum() - len(wrong) * (len(wrong) + 1) / 2) / (len(right) * len(wrong)))
