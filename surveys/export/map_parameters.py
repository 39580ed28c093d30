"""How the images and the maps of a study were made, for the export's manifest."""

from collections import defaultdict
from statistics import median
from typing import Any

from explanations import catalogue
from explanations.models import Explanation
from surveys.models import Study
from surveys.services.trials import explanations_of


def images_imported(study: Study) -> dict[str, Any]:
    """Return how the study's images were divided, fitted and scaled, and what the classifier makes
    of them."""
    image_set = study.image_set
    return {
        "set": image_set.name,
        "split_rule": image_set.split_rule,
        "fitted_size": image_set.fitted_size,
        "grey_window": image_set.grey_window,
        "input": str(study.classifier.rule),
        "warnings": list(image_set.warnings),
    }


def maps_computed(study: Study) -> dict[str, dict[str, Any]]:
    """Return label, parameters and number of maps by the method's key, for the study's stimuli.

    For a method with a tolerance, ``samples_used`` summarises how many samples the maps needed.
    """
    stimuli = list(study.stimuli.select_related("prediction"))
    shown: dict[str, set[int]] = defaultdict(set)
    for condition in study.conditions.exclude(method="").order_by("position"):
        maps = explanations_of(condition, stimuli, simulated=False)
        shown[condition.method].update(explanation.pk for explanation in maps.values())
    return {method: _summary(method, numbers) for method, numbers in shown.items()}


def _summary(method: str, numbers: set[int]) -> dict[str, Any]:
    rows = list(Explanation.objects.filter(pk__in=numbers).values("parameters", "diagnostics"))
    # Maps of one method can only differ in their parameters if some are of an older version.
    kinds = [row["parameters"] for row in rows]
    different = [kind for place, kind in enumerate(kinds) if kind not in kinds[:place]]
    summary: dict[str, Any] = {
        "label": catalogue.label_of(method),
        "maps": len(rows),
        "parameters": different[0] if len(different) == 1 else different,
    }
    used = [
        row["diagnostics"]["samples_used"] for row in rows if "samples_used" in row["diagnostics"]
    ]
    if used:
        summary["samples_used"] = {
            "smallest": min(used),
            "median": median(used),
            "largest": max(used),
        }
    return summary
