"""All figures of a report, written to a folder."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from analysis.failures import Failure, Failures
from analysis.figures.agreement import draw_agreement
from analysis.figures.calibration import draw_calibration
from analysis.figures.flow import draw_flow
from analysis.figures.journal import save_widths
from analysis.figures.overview import draw_overview, lines_of
from analysis.figures.reliance import PLANES, draw_plane, places
from analysis.figures.style import SETTINGS, save
from analysis.outcomes.finding import Failed
from analysis.plan.catalogues.optional_sections import OptionalSection
from analysis.plan.plan import analysis_of, resolve
from analysis.results import Results
from analysis.sections.behaviour.measures import BehaviourResults
from analysis.sections.optional import sections_with_results

Drawings = dict[str, Callable[[], Figure]]


def draw_figures(
    results: Results, scores: pd.DataFrame, folder: Path
) -> tuple[Mapping[str, Path], tuple[Failure, ...]]:
    """Write name.svg and name.csv per figure, and return the SVG files by name.

    The folders single-column and double-column get each figure as SVG and PNG at that width.

    Names: overview of all outcomes; flow of the participants; agreement, reliance,
    reliance-relative and calibration if the trials allow them; and the figures of each outcome's
    analysis, such as scores-<outcome> and contrasts-<outcome>. A figure that fails with an
    unexpected error is left out and returned as a failure.
    """
    folder.mkdir(parents=True, exist_ok=True)
    failures = Failures()
    # Figures are collected first and drawn under one style, whichever module they come from.
    drawings: dict[str, Callable[[], Figure]] = {}
    for part, collect in _parts(results, scores):
        drawings |= failures.guarded(f"Figures of {part}", collect, lambda _: {})
    for name, draw in list(drawings.items()):
        with mpl.rc_context(SETTINGS):
            drawn = failures.guarded(
                f"Figure {name}", partial(_saved, draw, folder / name), lambda _: False
            )
        if not drawn:
            del drawings[name]
    return {name: folder / f"{name}.svg" for name in drawings}, tuple(failures.found)


def _saved(draw: Callable[[], Figure], stem: Path) -> bool:
    page = draw()
    save(page, stem, (".svg",))
    save_widths(page, draw, stem)
    return True


def _parts(results: Results, scores: pd.DataFrame) -> Iterator[tuple[str, Callable[[], Drawings]]]:
    """Yield a name for each part of the report with the function that collects its drawings."""
    if results.agreement:
        agreement = partial(draw_agreement, results.agreement, results.simulated)
        yield "agreement", lambda: {"agreement": agreement}
    behaviour = results.behaviour
    if behaviour is not None:
        yield "behaviour", partial(behaviour_drawings, behaviour, results)
    yield "the flow", lambda: {"flow": partial(draw_flow, results)}
    if lines_of(results):
        yield "all outcomes", lambda: {"overview": partial(draw_overview, results)}
    for outcome in results.outcomes:
        path = analysis_of(outcome.outcome).figures
        if path and not isinstance(outcome.found, Failed):
            collect = partial(resolve(path), outcome, results, scores)
            yield f"outcome “{outcome.outcome.label}”", collect
    for part in sections_with_results(results.optional_sections):
        if part.figures:
            yield f"section “{part.label}”", partial(_section_drawings, part, results)


def _section_drawings(part: OptionalSection, results: Results) -> Drawings:
    drawings = resolve(part.figures)(results.optional_sections[part.key], results)
    return {name: draw for name, (draw, _) in drawings.items()}


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
