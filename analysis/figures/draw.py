"""All figures of a report, written to a folder."""

from collections.abc import Callable, Mapping
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.agreement import draw_agreement
from analysis.figures.contrasts import draw_contrasts
from analysis.figures.distributions import draw_distributions
from analysis.figures.style import SETTINGS, save
from analysis.one_way import scores_by_arm
from analysis.results import OutcomeResult, Results


def draw_figures(results: Results, scores: pd.DataFrame, folder: Path) -> Mapping[str, Path]:
    """Write name.svg and name.png per figure; returns the svg files by name.

    Names: agreement, scores-<outcome>, contrasts-<outcome>.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawings: dict[str, Callable[[], Figure]] = {
        "agreement": lambda: draw_agreement(results.agreement, results.simulated)
    }
    for outcome in results.outcomes:
        drawings |= _of_outcome(results, outcome, scores)
    for name, draw in drawings.items():
        with mpl.rc_context(SETTINGS):
            save(draw(), folder / name)
    return {name: folder / f"{name}.svg" for name in drawings}


def _of_outcome(
    results: Results, result: OutcomeResult, scores: pd.DataFrame
) -> dict[str, Callable[[], Figure]]:
    outcome, control = result.outcome, results.plan.control
    groups = scores_by_arm(scores, outcome.key, results.plan)
    return {
        f"scores-{outcome.key}": lambda: draw_distributions(
            result.found.arms, groups, control, outcome.label, results.simulated
        ),
        f"contrasts-{outcome.key}": lambda: draw_contrasts(
            result.found.contrasts, control, results.labels[control], results.simulated
        ),
    }
