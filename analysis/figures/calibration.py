"""Calibration curves: the share of right answers at each height of stated confidence, by arm."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.layout import give_room
from analysis.figures.style import INK, MUTED, WIDTH, broken, carry, colours, note
from analysis.sections.behaviour.calibration_curve import CalibrationPoint
from analysis.statistics.estimate import Estimate

COLUMNS = 2
TITLE_LENGTH = 26
LEAST_HEIGHT = 0.9  # inches of a panel


def draw_calibration(
    points: Sequence[CalibrationPoint],
    labels: Mapping[str, str],
    control: str,
    simulated: bool,
) -> Figure:
    """A panel per arm; the dashed line, where confidence means a probability, is perfection."""
    arms = list(dict.fromkeys(one.arm for one in points))
    meant = all(one.probability is not None for one in points)
    lines = (len(arms) + COLUMNS - 1) // COLUMNS
    figure = Figure(figsize=(WIDTH, 0.7 + 1.75 * lines), layout="constrained")
    panels = figure.subplots(lines, COLUMNS, squeeze=False, sharex=True, sharey=True)
    colour = colours(list(labels), control)
    for axes, arm in zip(panels.flat, arms, strict=False):
        give_room(axes, LEAST_HEIGHT)
        own = [one for one in points if one.arm == arm]
        _panel(axes, own, colour[arm], meant)
        axes.set_title(broken(labels[arm], TITLE_LENGTH), fontsize=9, color=INK, loc="left")
    for axes in panels.flat[len(arms) :]:
        axes.set_axis_off()
        panels[lines - 2, COLUMNS - 1].tick_params(labelbottom=True)
    panels[0, 0].set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "", "50%", "", "100%"])
    figure.supylabel("Right answers", fontsize=10, color=INK)
    scale = "stated probability of being right" if meant else "stated confidence"
    note(figure, f"across: {scale} · size: trials · line: interval", simulated)
    return carry(figure, _data(points))


def _panel(axes: Axes, points: Sequence[CalibrationPoint], colour: str, meant: bool) -> None:
    if meant:
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
    most = max(one.trials for one in points)
    across = [_across(one, meant) for one in points]
    axes.plot(across, [one.share for one in points], color=colour, linewidth=1.2)
    for place, one in zip(across, points, strict=True):
        if isinstance(one.interval, Estimate):
            axes.plot([place] * 2, [one.interval.low, one.interval.high], color=colour, linewidth=1)
    axes.scatter(
        across,
        [one.share for one in points],
        s=[8 + 50 * one.trials / most for one in points],
        color=colour,
        zorder=3,
        linewidths=0,
    )
    axes.set_ylim(-0.05, 1.05)
    axes.grid()
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def _across(one: CalibrationPoint, meant: bool) -> float:
    return one.probability if meant and one.probability is not None else one.stated


def _data(points: Sequence[CalibrationPoint]) -> pd.DataFrame:
    """A row per arm and height of confidence; no interval where all answers were alike."""
    return pd.DataFrame(
        {
            **{
                name: [getattr(one, name) for one in points]
                for name in ("arm", "label", "stated", "probability", "share", "trials")
            },
            "participants": [one.participants for one in points],
            "low": [getattr(one.interval, "low", None) for one in points],
            "high": [getattr(one.interval, "high", None) for one in points],
        }
    )
