"""The page's words for results of other commands, which may have been stored with older words."""

import re
from collections.abc import Mapping
from typing import Any

from statsmodels.stats.proportion import proportion_confint

from explanations.evaluation.catalogue import MEASURES

WORDS = {
    "Felt understanding of the classifier": "Perceived understanding of the classifier",
    "Sureness of the decisions": "Confidence in the decisions",
    "DeepSHAP": "SHAP",
}
"""This page's words for labels of a study's outcomes and of methods: one name for each thing."""


def worded(results: Any) -> Any:
    """Return results with this page's labels, however deep they are."""
    if isinstance(results, str):
        return WORDS.get(results, results)
    if isinstance(results, Mapping):
        return {key: worded(value) for key, value in results.items()}
    return [worded(value) for value in results] if isinstance(results, list) else results


def evaluation_in_words(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Return results of evaluate_explanations with the labels and captions of today's catalogue,
    and with Wilson's interval of shares of images, as in the rows of the page.

    A measure that the catalogue no longer has keeps its stored words.
    """
    known = {measure.key: measure for measure in MEASURES}
    measures = [
        {**measure, "label": known[key].label, "caption": known[key].caption}
        if (key := measure["key"]) in known
        else measure
        for measure in evaluation["measures"]
    ]
    measures = [
        {**measure, "rows": [_with_wilson(row) for row in measure["rows"]]}
        if measure["key"] in SHARES
        else measure
        for measure in measures
    ]
    return {**evaluation, "measures": measures}


SHARES = ("no_patch_matters", "pointing_game", "pointing_game_1px")
"""Measures that are 0 or 1 for each image."""


def _with_wilson(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a measure with Wilson's 95 % interval in place of the bootstrap's."""
    low, high = proportion_confint(round(row["mean"] * row["n"]), row["n"], method="wilson")
    return {**row, "low": float(low), "high": float(high)}


def with_zeros(text: str) -> str:
    """Write a zero before each decimal point that has no digit before it, as all of this page."""
    return re.sub(r"(?<![\w.])\.(?=\d)", "0.", text)


def percent(share: float, decimals: int = 0) -> str:
    """Write a share in percent, with a space before the sign as all of this page."""
    return f"{100 * share:.{decimals}f} %"


def counted(number: int) -> str:
    """Write a count with a comma between thousands."""
    return f"{number:,}"
