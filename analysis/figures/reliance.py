"""The reliance plane: what each arm's people do with wrong advice, and what with right advice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from analysis.figures.layout import give_room
from analysis.figures.style import (
    INK,
    WIDTH,
    broken,
    carry,
    colours,
    note,
    on_an_axis,
)
from analysis.sections.behaviour.measures import BehaviourResults
from analysis.statistics.estimate import Estimate

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "p")  # a shape beside the colour: eight arms
LEAST_HEIGHT = 2.5  # inches
LEGEND_LENGTH = 24  # characters of an arm's label before it is broken


@dataclass(frozen=True)
class Plane:
    """Two measures by key with the axes' words, and the corner where nobody errs."""

    name: str
    x: str
    y: str
    x_label: str
    y_label: str
    ideal: float  # the same on both axes


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
        "RSR: right at first, and kept against wrong advice",
        "RAIR: wrong at first, and mended by right advice",
        1.0,
    ),
)


@dataclass(frozen=True)
class Place:
    """An arm's place on the plane."""

    arm: str
    label: str
    x: Estimate
    y: Estimate


def places(behaviour: BehaviourResults, plane: Plane) -> tuple[Place, ...]:
    """The arms that have both measures with an interval."""
    found = []
    for arm in behaviour.arms:
        by_key = {one.key: one.estimate for one in arm.measures}
        x, y = by_key.get(plane.x), by_key.get(plane.y)
        if isinstance(x, Estimate) and isinstance(y, Estimate):
            found.append(Place(arm.arm, arm.label, x, y))
    return tuple(found)


def draw_plane(
    points: Sequence[Place], plane: Plane, arms: Sequence[str], control: str, simulated: bool
) -> Figure:
    """A mark per arm with both intervals; the star is the place of perfect reliance."""
    lines = (len(points) + 2) // 2
    figure = Figure(figsize=(WIDTH, 3.6 + 0.22 * lines), layout="constrained")
    axes = figure.add_subplot()
    give_room(axes, LEAST_HEIGHT)
    colour = colours(arms, control)
    markers = {arm: MARKERS[place % len(MARKERS)] for place, arm in enumerate(arms)}
    for one in points:
        _point(axes, one, colour, markers)
    axes.plot(
        [plane.ideal], [plane.ideal], marker="*", markersize=15, linestyle="", clip_on=False,
        markerfacecolor="white", markeredgecolor=INK, zorder=1, label="nobody errs",
    )  # fmt: skip
    for axis, label in ((axes.xaxis, plane.x_label), (axes.yaxis, plane.y_label)):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
        axis.set_label_text(on_an_axis(label))
    axes.set(
        xlim=_range([one.x for one in points], plane.ideal),
        ylim=_range([one.y for one in points], plane.ideal),
    )
    axes.grid()
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.1, 1.0), ncols=2, frameon=False, fontsize=9)
    note(figure, "mean over participants, with its interval on both axes", simulated)
    return carry(figure, _data(points, plane))


def _point(axes: Axes, one: Place, colour: Mapping[str, str], markers: Mapping[str, str]) -> None:
    axes.plot([one.x.low, one.x.high], [one.y.value] * 2, color=colour[one.arm], linewidth=1.2)
    axes.plot([one.x.value] * 2, [one.y.low, one.y.high], color=colour[one.arm], linewidth=1.2)
    axes.plot(
        [one.x.value], [one.y.value], marker=markers[one.arm], markersize=8, linestyle="",
        color=colour[one.arm], markeredgecolor="white", markeredgewidth=0.8,
        label=broken(one.label, LEGEND_LENGTH), zorder=3,
    )  # fmt: skip


def _range(estimates: Sequence[Estimate], ideal: float) -> tuple[float, float]:
    """From perfect reliance to the interval that lies farthest from it, and a little more."""
    low = min(ideal, *(one.low for one in estimates))
    high = max(ideal, *(one.high for one in estimates))
    return low - 0.04, high + 0.04


def _data(points: Sequence[Place], plane: Plane) -> pd.DataFrame:
    """A row per arm and measure."""
    rows = [
        (one.arm, one.label, key, estimate.value, estimate.low, estimate.high, estimate.n)
        for one in points
        for key, estimate in ((plane.x, one.x), (plane.y, one.y))
    ]
    return pd.DataFrame(rows, columns=["arm", "label", "measure", "value", "low", "high", "n"])
