"""Effects that a profile plants on the outcomes of a study, for comparison with the estimates."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from surveys.simulation.profile import Effect, Profile

ODDS = {0: "agree_wrong", 1: "agree_right"}
"""Effect on accepting, by whether the prediction is correct."""


def planted_effects(
    profile: Profile, outcomes: Sequence[Mapping[str, Any]], arms: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return what the profile adds in each arm to each outcome of an analysis, by outcome and arm.

    It is a number of points for a scale and for sureness, and an odds ratio for agreement. Outcomes
    that only follow from others, such as the share of right decisions, are omitted. ``outcomes``
    are the definitions in results.json. Arms are found in the profile by their key.
    """
    planted = {}
    for outcome in outcomes:
        values = {arm: _of(profile.effects.get(arm, Effect()), outcome) for arm in arms}
        known = {arm: value for arm, value in values.items() if value is not None}
        if known:
            planted[str(outcome["key"])] = known
    return planted


def _of(effect: Effect, outcome: Mapping[str, Any]) -> float | None:
    if outcome["kind"] == "scale":
        return effect.scales.get(outcome["scale"], 0.0)
    if outcome["column"] == "sureness":
        return effect.sureness
    of_predictions = outcome["where"].get("prediction_correct")
    if outcome["column"] == "agreed" and of_predictions in ODDS:
        return math.exp(getattr(effect, ODDS[of_predictions]))
    return None
