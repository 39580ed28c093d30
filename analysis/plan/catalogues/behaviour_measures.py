"""Measures of behaviour that a plan can declare.

A new measure is a function and an entry in MEASURES.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Measure:
    """A measure of behaviour: `path` names a function of the table behaviour.trials.

    For "participant" it returns value, numerator and denominator by participant, and the measure
    can be an outcome. For "arm" it takes (trials, level) and returns an Estimate. The mean is
    tested against `null`.
    """

    key: str
    label: str
    needs: tuple[str, ...]  # columns of behaviour.trials that must contain values
    path: str
    unit: Literal["share", "score", "ms"] = "share"
    per: Literal["participant", "arm"] = "participant"
    null: float | None = None


MEASURES = (
    Measure(
        "agreement",
        "Advice followed",
        ("accepted",),
        "analysis.sections.behaviour.ratios.AGREEMENT",
    ),
    Measure(
        "switching",
        "Switched to the advice, where it differed from the first answer",
        ("first_agreed", "accepted"),
        "analysis.sections.behaviour.ratios.SWITCHING",
    ),
    Measure(
        "accuracy_before",
        "Accuracy before advice",
        ("first_right",),
        "analysis.sections.behaviour.ratios.ACCURACY_BEFORE",
    ),
    Measure(
        "accuracy",
        "Accuracy with advice",
        ("final_right",),
        "analysis.sections.behaviour.ratios.ACCURACY",
    ),
    Measure(
        "accuracy_disagreeing",
        "Accuracy where first answer and advice differed",
        ("first_agreed", "final_right"),
        "analysis.sections.behaviour.ratios.ACCURACY_DISAGREEING",
    ),
    Measure(
        "over_reliance",
        "Over-reliance: wrong advice followed",
        ("advice_right", "accepted"),
        "analysis.sections.behaviour.ratios.OVER_RELIANCE",
    ),
    Measure(
        "under_reliance",
        "Under-reliance: right advice not followed",
        ("advice_right", "accepted"),
        "analysis.sections.behaviour.ratios.UNDER_RELIANCE",
    ),
    Measure(
        "over_reliance_first_right",
        "Over-reliance where the first answer was right",
        ("advice_right", "first_right", "accepted"),
        "analysis.sections.behaviour.ratios.OVER_RELIANCE_FIRST_RIGHT",
    ),
    Measure(
        "under_reliance_first_wrong",
        "Under-reliance where the first answer was wrong",
        ("advice_right", "first_right", "accepted"),
        "analysis.sections.behaviour.ratios.UNDER_RELIANCE_FIRST_WRONG",
    ),
    Measure(
        "rair",
        "Relative AI reliance (RAIR): wrong first answer corrected after right advice",
        ("first_right", "advice_right", "final_right"),
        "analysis.sections.behaviour.ratios.RAIR",
    ),
    Measure(
        "rsr",
        "Relative self-reliance (RSR): right first answer kept after wrong advice",
        ("first_right", "advice_right", "final_right"),
        "analysis.sections.behaviour.ratios.RSR",
    ),
    Measure(
        "woa",
        "Weight of advice, median",
        ("weight_of_advice",),
        "analysis.sections.behaviour.scores.weight_of_advice",
        "score",
    ),
    Measure(
        "woa_clipped",
        "Weight of advice, clipped to 0 and 1",
        ("weight_of_advice",),
        "analysis.sections.behaviour.scores.clipped_weight_of_advice",
    ),
    Measure(
        "d_prime",
        "d′: discrimination of right and wrong advice",
        ("advice_right", "accepted"),
        "analysis.sections.behaviour.scores.d_prime",
        "score",
        null=0.0,
    ),
    Measure(
        "criterion",
        "Criterion c: positive for a tendency to reject",
        ("advice_right", "accepted"),
        "analysis.sections.behaviour.scores.criterion",
        "score",
        null=0.0,
    ),
    Measure(
        "brier",
        "Brier score",
        ("probability", "final_right"),
        "analysis.sections.behaviour.scores.brier",
    ),
    Measure(
        "overconfidence",
        "Overconfidence: stated minus actual accuracy",
        ("probability", "final_right"),
        "analysis.sections.behaviour.scores.overconfidence",
        "score",
        null=0.0,
    ),
    Measure(
        "ece",
        "Expected calibration error",
        ("probability", "final_right"),
        "analysis.sections.behaviour.calibration.expected_calibration_error",
        per="arm",
    ),
    Measure(
        "ece_debiased",
        "Calibration error, debiased",
        ("probability", "final_right"),
        "analysis.sections.behaviour.calibration.debiased_calibration_error",
        per="arm",
    ),
    Measure(
        "auroc",
        "AUROC: confidence when right against when wrong",
        ("confidence", "final_right"),
        "analysis.sections.behaviour.calibration.auroc",
        per="arm",
    ),
    Measure(
        "simulation",
        "Forward simulation: classifier's answer predicted",
        ("guess_right",),
        "analysis.sections.behaviour.ratios.SIMULATION",
    ),
    Measure(
        "simulation_above_chance",
        "Forward simulation above chance",
        ("guess_above_chance",),
        "analysis.sections.behaviour.scores.guess_above_chance",
        "score",
        null=0.0,
    ),
    Measure(
        "response_time",
        "Response time",
        ("response_time",),
        "analysis.sections.behaviour.scores.log_response_time",
        "ms",
    ),
)

DERIVED_FROM: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "advice_right": (("advice", "truth"),),
    "first_right": (("first", "truth"),),
    "first_agreed": (("first", "advice"),),
    "accepted": (("accepted",), ("final", "advice")),
    "final_right": (("accepted", "advice", "truth"), ("final", "truth")),
    "confidence": (("confidence",),),
    "probability": (("confidence", "confidence_range", "probability_range"),),
    "weight_of_advice": (("estimate_first", "estimate_advice", "estimate_final"),),
    "guess_right": (("guess", "advice"),),
    "guess_above_chance": (("guess", "advice", "chance"),),
    "response_time": (("response_time",),),
}
"""The keys of [behaviour] from which each column of behaviour.trials is derived, with the
alternatives in the order in which they are tried."""


def derivable(named: Mapping[str, object]) -> frozenset[str]:
    """Return the columns of behaviour.trials that the keys of [behaviour] with a value allow."""
    given = _given(named)
    return frozenset(
        column
        for column, alternatives in DERIVED_FROM.items()
        if any(given.issuperset(keys) for keys in alternatives)
    )


def lacking_keys(measure: Measure, named: Mapping[str, object]) -> tuple[str, ...]:
    """Return the keys that [behaviour] lacks for the measure, in words. Empty if none.

    Each entry is a key, or alternatives such as "either accepted or final".
    """
    given = _given(named)
    lacking: dict[str, None] = {}
    for column in measure.needs:
        missing = [[key for key in keys if key not in given] for keys in DERIVED_FROM[column]]
        fewest = min(map(len, missing))
        shortest = [" and ".join(keys) for keys in missing if len(keys) == fewest]
        if fewest == 1 and len(shortest) > 1:
            lacking[f"either {' or '.join(shortest)}"] = None
        elif fewest:
            lacking |= dict.fromkeys(next(keys for keys in missing if len(keys) == fewest))
    return tuple(lacking)


def _given(named: Mapping[str, object]) -> set[str]:
    """Return the keys that have a value. A final answer is not read if acceptance was recorded."""
    given = {key for key, value in named.items() if value not in (None, "", [], ())}
    return given - {"final"} if "accepted" in given else given
