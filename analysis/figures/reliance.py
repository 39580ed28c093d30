"""Reliance planes: each arm's behaviour after wrong advice and after right advice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from analysis.figures.layout import give_room
from analysis.figures.style import (
    INK,
    SMALL,
    broken,
    carry,
    colours,
    note,
    on_an_axis,
    width,
)
from analysis.sections.behaviour.measures import BehaviourResults
from analysis.statistics.estimate import Estimate

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "p")  # shape as well as colour, for eight arms
LEAST_HEIGHT = 2.5  # inches
LEGEND_LENGTH = 24  # characters of an arm's label before it is wrapped


@dataclass(frozen=True)
class Plane:
    """Two measures by key, the labels of their axes, and the corner of perfect reliance."""

    name: str
    x: str
    y: str
    x_label: str
    y_label: str
    ideal: float  # perfect reliance, on both axes


PLANES = (
    Plane(
        "reliance",
        "over_reliance",
        "under_reliance",
        "Over-reliance: wrong advice followed",
        "Under-reliance: right advice not followed",
        0.0,
    ),
    Plane(
        "reliance-relative",
        "rsr",
        "rair",
        "RSR: first answer right, kept against wrong advice",
        "RAIR: first answer wrong, corrected by right advice",
        1.0,
    ),
)


@dataclass(frozen=True)
class Place:
    """An arm's position on the plane."""

    arm: str
    label: str
    x: Estimate
    y: Estimate


def places(behaviour: BehaviourResults, plane: Plane) -> tuple[Place, ...]:
    """Return the arms for which both measures have an interval."""
    result = []
    for arm in behaviour.arms:
        by_key = {measure.key: measure.estimate for measure in arm.measures}
        x, y = by_key.get(plane.x), by_key.get(plane.y)
        if isinstance(x, Estimate) and isinstance(y, Estimate):
            result.append(Place(arm.arm, arm.label, x, y))
    return tuple(result)


def draw_plane(
    points: Sequence[Place], plane: Plane, arms: Sequence[str], control: str, simulated: bool
) -> Figure:
    """Draw a mark per arm with both intervals.

    A star marks perfect reliance.
    """
    lines = (len(points) + 2) // 2
    figure = Figure(figsize=(width(), 3.6 + 0.22 * lines), layout="constrained")
    axes = figure.add_subplot()
    give_room(axes, LEAST_HEIGHT)
    colour = colours(arms, control)
    # Marks differ in shape as well as in colour, for readers who cannot tell colours apart.
    markers = {arm: MARKERS[place % len(MARKERS)] for place, arm in enumerate(arms)}
    for point in points:
        _point(axes, point, colour, markers)
    axes.plot(
        [plane.ideal], [plane.ideal], marker="*", markersize=15, linestyle="", clip_on=False,
        markerfacecolor="white", markeredgecolor=INK, zorder=1, label="perfect reliance",
    )  # fmt: skip
    for axis, label in ((axes.xaxis, plane.x_label), (axes.yaxis, plane.y_label)):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
        axis.set_label_text(on_an_axis(label))
    axes.set(
        xlim=_range([point.x for point in points], plane.ideal),
        ylim=_range([point.y for point in points], plane.ideal),
    )
    axes.grid()
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.1, 1.0), ncols=2, frameon=False, fontsize=SMALL
    )
    note(figure, "mean over participants, with its interval on both axes", simulated)
    return carry(figure, _data(points, plane))


def _point(axes: Axes, place: Place, colour: Mapping[str, str], markers: Mapping[str, str]) -> None:
    axes.plot(
        [place.x.low, place.x.high], [place.y.value] * 2, color=colour[place.arm], linewidth=1.2
    )
    axes.plot(
        [place.x.value] * 2, [place.y.low, place.y.high], color=colour[place.arm], linewidth=1.2
    )
    axes.plot(
        [place.x.value], [place.y.value], marker=markers[place.arm], markersize=8, linestyle="",
        color=colour[place.arm], markeredgecolor="white", markeredgewidth=0.8,
        label=broken(place.label, LEGEND_LENGTH), zorder=3,
    )  # fmt: skip


def _range(estimates: Sequence[Estimate], ideal: float) -> tuple[float, float]:
    """Return limits from perfect reliance to the end of the farthest interval, with a margin."""
    low = min(ideal, *(estimate.low for estimate in estimates))
    high = max(ideal, *(estimate.high for estimate in estimates))
    return low - 0.04, high + 0.04


def _data(points: Sequence[Place], plane: Plane) -> pd.DataFrame:
    """Return a row per arm and measure."""
    rows = [
        (place.arm, place.label, key, estimate.value, estimate.low, estimate.high, estimate.n)
        for place in points
        for key, estimate in ((plane.x, place.x), (plane.y, place.y))
    ]
    return pd.DataFrame(rows, columns=["arm", "label", "measure", "value", "low", "high", "n"])
