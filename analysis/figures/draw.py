"""All figures of a report, written to a folder."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.agreement import draw_agreement
from analysis.figures.calibration import draw_calibration
from analysis.figures.flow import draw_flow
from analysis.figures.reliance import PLANES, draw_plane, places
from analysis.figures.style import SETTINGS, save
from analysis.plan.plan import analysis_of, resolve
from analysis.results import Results
from analysis.sections.behaviour.measures import BehaviourResults
from analysis.sections.optional import sections_with_results


def draw_figures(results: Results, scores: pd.DataFrame, folder: Path) -> Mapping[str, Path]:
    """Write name.svg, name.png and name.csv per figure, and return the SVG files by name.

    Names: agreement, reliance, reliance-relative and calibration if the trials allow them; flow if
    the plan excludes participants; and the figures of each outcome's analysis, such as
    scores-<outcome> and contrasts-<outcome>.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Figures are collected first and drawn under one style, whichever module they come from.
    drawings: dict[str, Callable[[], Figure]] = {}
    if results.agreement:
        drawings["agreement"] = lambda: draw_agreement(results.agreement, results.simulated)
    if results.behaviour is not None:
        drawings |= behaviour_drawings(results.behaviour, results)
    if results.study_flow.steps:
        drawings["flow"] = lambda: draw_flow(results)
    for outcome in results.outcomes:
        path = analysis_of(outcome.outcome).figures
        if path:
            drawings |= resolve(path)(outcome, results, scores)
    for part in sections_with_results(results.optional_sections):
        if part.figures:
            section_drawings = resolve(part.figures)(results.optional_sections[part.key], results)
            drawings |= {name: draw for name, (draw, _) in section_drawings.items()}
    for name, draw in drawings.items():
        with mpl.rc_context(SETTINGS):
            save(draw(), folder / name)
    return {name: folder / f"{name}.svg" for name in drawings}


def behaviour_drawings(
    behaviour: BehaviourResults, results: Results
) -> dict[str, Callable[[], Figure]]:
    """Return the reliance planes that the measures allow, and the calibration curves."""
    control, simulated = results.plan.control, results.simulated
    drawings: dict[str, Callable[[], Figure]] = {}
    for plane in PLANES:
        points = places(behaviour, plane)
        if points:
            drawings[plane.name] = partial(
                draw_plane, points, plane, results.plan.arms, control, simulated
            )
    if behaviour.calibration:
        drawings["calibration"] = partial(
            draw_calibration, behaviour.calibration, results.labels, control, simulated
        )
    return drawings
