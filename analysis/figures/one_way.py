"""The figures of the analysis "one_way": every score, and the arms against the control."""

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.contrasts import draw_contrasts
from analysis.figures.distributions import draw_distributions
from analysis.one_way import OneWay, scores_by_arm
from analysis.results import OutcomeResult, Results


def drawings(
    result: OutcomeResult, results: Results, scores: pd.DataFrame
) -> dict[str, Callable[[], Figure]]:
    """scores-<outcome> and contrasts-<outcome>, not drawn yet."""
    outcome, control, found = result.outcome, results.plan.control, result.found
    if not isinstance(found, OneWay):
        raise TypeError(f"{outcome.key} was not analysed by one_way")
    groups = scores_by_arm(scores, outcome, results.plan)
    return {
        f"scores-{outcome.key}": lambda: draw_distributions(
            found.arms, groups, control, outcome.label, results.simulated
        ),
        f"contrasts-{outcome.key}": lambda: draw_contrasts(
            found.contrasts, control, results.labels[control], results.simulated
        ),
    }
