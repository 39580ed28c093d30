"""Figure of calibration: the share of right answers at each level of stated confidence, by arm."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.layout import give_room
from analysis.figures.style import INK, MUTED, SMALL, WIDTH, broken, carry, colours, note, width
from analysis.sections.behaviour.calibration_curve import CalibrationPoint
from analysis.statistics.estimate import Estimate

COLUMNS = 2
TITLE_LENGTH = 26
LEAST_HEIGHT = 0.9  # height of a panel in inches


def draw_calibration(
    points: Sequence[CalibrationPoint],
    labels: Mapping[str, str],
    control: str,
    simulated: bool,
) -> Figure:
    """Draw a panel per arm.

    A dashed line marks perfection if confidence is a probability.
    """
    arms = list(dict.fromkeys(point.arm for point in points))
    meant = all(point.probability is not None for point in points)
    columns = round(COLUMNS * width() / WIDTH)
    lines = (len(arms) + columns - 1) // columns
    figure = Figure(figsize=(width(), 0.7 + 1.4 * lines), layout="constrained")
    # Panels share their axes, so that the curves of the arms can be compared by eye.
    panels = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    colour = colours(list(labels), control)
    for axes, arm in zip(panels.flat, arms, strict=False):
        give_room(axes, LEAST_HEIGHT)
        arm_points = [point for point in points if point.arm == arm]
        _panel(axes, arm_points, colour[arm], meant)
        axes.set_title(broken(labels[arm], TITLE_LENGTH), fontsize=9, color=INK, loc="left")
    for axes in panels.flat[len(arms) :]:
        axes.set_axis_off()
        panels[lines - 2, columns - 1].tick_params(labelbottom=True)
    panels[0, 0].set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "", "50%", "", "100%"])
    figure.supylabel("Right answers", fontsize=10, color=INK)
    scale = "stated probability of being right" if meant else "stated confidence"
    note(figure, f"across: {scale} · size: trials · line: interval", simulated)
    return carry(figure, _data(points))


def _panel(axes: Axes, points: Sequence[CalibrationPoint], colour: str, meant: bool) -> None:
    if meant:
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
    # The areas of the marks grow with the number of trials behind them.
    most = max(point.trials for point in points)
    across = [_across(point, meant) for point in points]
    axes.plot(across, [point.share for point in points], color=colour, linewidth=1.2)
    for place, point in zip(across, points, strict=True):
        if isinstance(point.interval, Estimate):
            axes.plot(
                [place] * 2, [point.interval.low, point.interval.high], color=colour, linewidth=1
            )
    axes.scatter(
        across,
        [point.share for point in points],
        s=[8 + 50 * point.trials / most for point in points],
        color=colour,
        zorder=3,
        linewidths=0,
    )
    axes.set_ylim(-0.05, 1.05)
    axes.grid()
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL)


def _across(point: CalibrationPoint, meant: bool) -> float:
    return point.probability if meant and point.probability is not None else point.stated


def _data(points: Sequence[CalibrationPoint]) -> pd.DataFrame:
    """Return a row per arm and level of confidence, without interval if all answers are alike."""
    return pd.DataFrame(
        {
            **{
                name: [getattr(point, name) for point in points]
                for name in ("arm", "label", "stated", "probability", "share", "trials")
            },
            "participants": [point.participants for point in points],
            "low": [getattr(point.interval, "low", None) for point in points],
            "high": [getattr(point.interval, "high", None) for point in points],
        }
    )
