"""Figures of the analysis "one_way": every score, and the arms against the control."""

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.distributions import draw_distributions
from analysis.figures.forest import Forest, Row, draw_forest, filled_note
from analysis.outcomes.one_way import OneWay, scores_by_arm
from analysis.results import OutcomeResult, Results, arm_is_shown

Drawings = dict[str, Callable[[], Figure]]


def drawings(result: OutcomeResult, results: Results, scores: pd.DataFrame) -> Drawings:
    """Return the drawing functions of scores-<outcome> and contrasts-<outcome>."""
    outcome, control, found = result.outcome, results.plan.control, result.found
    if not isinstance(found, OneWay):
        raise TypeError(f"{outcome.key} was not analysed by one_way")
    # Dunnett's p are adjusted over the arms already.
    p_values = [getattr(one.difference, "p", None) for one in found.contrasts]
    entries = [
        Row(one.arm, one.label, one.difference, p, arm_is_shown(p, result, results))
        for one, p in zip(found.contrasts, p_values, strict=True)
    ]
    kind = Forest(
        f"Difference of means: arm minus “{results.labels[control]}”",
        f"line: Dunnett interval, unequal variances · {filled_note(results.plan.alpha)}",
        smallest_effect=outcome.smallest_effect,
    )
    return scores_drawing(result, results, scores) | {
        f"contrasts-{outcome.key}": lambda: draw_forest(
            entries, kind, results.plan.arms, control, results.simulated
        )
    }


def scores_drawing(result: OutcomeResult, results: Results, scores: pd.DataFrame) -> Drawings:
    """Return the drawing function of scores-<outcome>, the raincloud of the arms' scores."""
    outcome, plan = result.outcome, results.plan
    groups = scores_by_arm(scores, outcome, results)
    return {
        f"scores-{outcome.key}": lambda: draw_distributions(
            result.found.arms,
            groups,
            plan.control,
            outcome.label,
            results.simulated,
            result.score_range,
        )
    }
