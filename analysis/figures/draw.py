"""All figures of a report, written to a folder."""

from collections.abc import Callable, Mapping
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.agreement import draw_agreement
from analysis.figures.flow import draw_flow
from analysis.figures.style import SETTINGS, save
from analysis.further import further_parts
from analysis.plan import analysis_of, resolve
from analysis.results import Results


def draw_figures(results: Results, scores: pd.DataFrame, folder: Path) -> Mapping[str, Path]:
    """Write name.svg, name.png and name.csv per figure; returns the svg files by name.

    Names: agreement, where people accepted or rejected; flow, where the plan excludes; and those
    of each outcome's analysis, such as scores-<outcome>, contrasts-<outcome>.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawings: dict[str, Callable[[], Figure]] = {}
    if results.agreement:
        drawings["agreement"] = lambda: draw_agreement(results.agreement, results.simulated)
    if results.study_flow.steps:
        drawings["flow"] = lambda: draw_flow(results)
    for outcome in results.outcomes:
        path = analysis_of(outcome.outcome).figures
        if path:
            drawings |= resolve(path)(outcome, results, scores)
    for part in further_parts(results.further):
        if part.figures:
            found = resolve(part.figures)(results.further[part.key], results)
            drawings |= {name: draw for name, (draw, _) in found.items()}
    for name, draw in drawings.items():
        with mpl.rc_context(SETTINGS):
            save(draw(), folder / name)
    return {name: folder / f"{name}.svg" for name in drawings}
