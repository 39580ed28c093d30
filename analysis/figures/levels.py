"""Figures of arms at the levels of a second factor: their means, and their differences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from analysis.apa_numbers import bounded
from analysis.figures.layout import give_room
from analysis.figures.style import (
    CONTROL,
    INK,
    MUTED,
    SMALL,
    broken,
    carry,
    colours,
    note,
    on_an_axis,
    width,
)
from analysis.outcomes.by_level import LevelContrast
from analysis.statistics.descriptives import ArmSummary
from analysis.statistics.estimate import Estimate, NotEstimable

MARKS = ("o", "s", "^", "D", "v", "P", "X")
HOLLOW = {"P": "p", "X": "h"}  # marks that can be empty, in place of marks that cannot
HEIGHT, OF_A_PANEL = 2.6, 1.6  # inches of the axes, alone and as one of several
SPREAD = 0.3  # of the distance between two levels, over which the arms are spread
MOST_BARS = 40  # intervals in one axes that are drawn as lines; more are drawn as bands
MOST_TOGETHER, FEW_LEVELS = 3, 6  # arms in one axes, if there are more than a few levels
LETTER = 0.082  # inches: the mean width of a letter of 10 points
GAP = 0.12  # inches between the names of two levels


@dataclass(frozen=True)
class Point:
    """A mean of an arm at a level, without ends where it has no interval."""

    arm: str
    label: str
    level: str
    value: float
    low: float | None
    high: float | None


def point_of(arm: str, label: str, level: str, mean: Estimate | NotEstimable) -> Iterator[Point]:
    """Yield the point of a mean, or nothing if it is not estimable."""
    if isinstance(mean, Estimate):
        yield Point(arm, label, level, mean.value, mean.low, mean.high)


def point_of_scores(level: str, scores: ArmSummary) -> Iterator[Point]:
    """Yield the point of an arm's scores, which have a mean even if they are all equal."""
    if scores.without_interval and scores.minimum is not None:
        yield Point(scores.arm, scores.label, level, scores.minimum, None, None)
    yield from point_of(scores.arm, scores.label, level, scores.mean)


def draw_means(
    points: Sequence[Point],
    levels: Sequence[str],
    colour: Mapping[str, str],
    label: str,
    simulated: bool,
    *,
    factor: str = "",
    what: str = "mean of the participants with all measurements",
    column: Literal["time", "level"] = "level",
) -> Figure:
    """Draw the means with intervals over the levels, a line and a mark per arm.

    More arms than lines can be told apart are drawn in panels, each beside the first arm. `factor`
    names the axis of the levels, and `what` the means. `column` is the levels' column in the data
    of the figure.
    """
    labels = {point.arm: point.label for point in points}
    arms = list(labels)
    apart = len(arms) > MOST_TOGETHER and len(levels) > FEW_LEVELS
    groups = [[arms[0], arm] for arm in arms[1:]] if apart else [arms]
    figure, panels = _panels(len(groups))
    bands = len(groups[0]) * len(levels) > MOST_BARS
    for axes, group in zip(panels, groups, strict=False):
        for number, arm in enumerate(group):
            # The arms are spread around each level, so that intervals do not cover one another.
            shift = 0.0 if bands else SPREAD * ((number + 0.5) / len(group) - 0.5)
            mark = MARKS[arms.index(arm) % len(MARKS)]
            own = [point for point in points if point.arm == arm]
            _line(axes, own, levels, shift, bands, colour[arm], mark, labels[arm])
        if apart:
            axes.set_title(broken(labels[group[-1]], 30), fontsize=SMALL, color=INK)
    _axes(figure, panels, levels, label, factor)
    interval = "band: interval" if bands else "line: interval"
    if apart:
        first = f"grey: “{labels[arms[0]]}”" if colour[arms[0]] == CONTROL else "first arm in each"
        interval = f"{first} · {interval}"
    else:
        figure.legend(
            *panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=2,
            frameon=False, fontsize=SMALL,
        )  # fmt: skip
    note(figure, f"mark: {what} · {interval}", simulated)
    rows = [(one.arm, one.label, one.level, one.value, one.low, one.high) for one in points]
    return carry(
        figure, pd.DataFrame(rows, columns=["arm", "label", column, "value", "low", "high"])
    )


def draw_differences(
    contrasts: Sequence[LevelContrast],
    levels: Sequence[str],
    arms: Sequence[str],
    control: tuple[str, str],
    *,
    alpha: float,
    factor: str,
    simulated: bool,
    smallest_effect: float | None = None,
) -> Figure:
    """Draw each arm minus the control at each level, filled where Holm's p is below alpha.

    `control` is the control's key and label.
    """
    key, control_label = control
    labels = {one.arm: one.label for one in contrasts}
    apart = len(labels) > 1 and len(labels) * len(levels) > 2 * FEW_LEVELS
    groups = [[arm] for arm in labels] if apart else [[*labels]]
    figure, panels = _panels(len(groups))
    colour = colours(arms, key)
    # The control has the first mark in the figure of the means.
    used = [MARKS[place % len(MARKS)] for place in range(1, len(labels) + 1)]
    marks = {arm: HOLLOW.get(mark, mark) for arm, mark in zip(labels, used, strict=True)}
    for axes, group in zip(panels, groups, strict=False):
        if smallest_effect is not None:
            axes.axhspan(-smallest_effect, smallest_effect, color=MUTED, alpha=0.12, lw=0)
        axes.axhline(0, color=MUTED, linewidth=1)
        for number, arm in enumerate(group):
            shift = SPREAD * ((number + 0.5) / len(group) - 0.5)
            mark = marks[arm]
            for one in (contrast for contrast in contrasts if contrast.arm == arm):
                shown = one.p_adjusted is not None and one.p_adjusted < alpha
                place = levels.index(one.level) + shift
                size = 6 if len(levels) <= MOST_BARS / 2 else 4
                _difference(axes, one, place, colour[arm], (mark, size), shown)
        if apart:
            axes.set_title(broken(labels[group[0]], 30), fontsize=SMALL, color=INK)
    first = f"“{next(iter(labels.values()))}”" if len(labels) == 1 else "arm"
    _axes(figure, panels, levels, f"Difference of means: {first} minus “{control_label}”", factor)
    if not apart and len(labels) > 1:
        handles = [
            Line2D([], [], marker=marks[arm], color=colour[arm], label=label, lw=0)
            for arm, label in labels.items()
        ]
        figure.legend(
            handles=handles, loc="outside upper left", ncols=2, frameon=False, fontsize=SMALL
        )
    text = f"line: interval, not adjusted · filled: adjusted p below {bounded(alpha)}"
    note(figure, text, simulated)
    return carry(figure, _contrast_data(contrasts, alpha))


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with this many axes, two in a row, of which only the outer have labels."""
    across = 1 if count == 1 else 2
    down = -(-count // across)
    height = HEIGHT if count == 1 else OF_A_PANEL
    figure = Figure(figsize=(width(), 1.2 + height * down), layout="constrained")
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    panels = list(grid.flat)
    for axes in panels:
        give_room(axes, height)
    for axes in panels[count:]:
        axes.remove()
    return figure, panels[:count]


def _axes(
    figure: Figure, panels: Sequence[Axes], levels: Sequence[str], label: str, factor: str
) -> None:
    """Name the levels and the measure, once for all panels."""
    across = 1 if len(panels) == 1 else 2
    for place, axes in enumerate(panels):
        _name_levels(axes, levels, (width() - 0.8) / across)
        axes.set_xlim(-0.5, len(levels) - 0.5)
        axes.yaxis.set_major_locator(MaxNLocator(5 if across == 1 else 4))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        # The panel above a place that is empty names its levels, too.
        axes.tick_params(labelbottom=place + across >= len(panels))
    down = -(-len(panels) // across)
    # An axis of this height has room for shorter lines than an axis of the figure's width.
    label = broken(label, int((HEIGHT if down == 1 == across else OF_A_PANEL * down) / LETTER))
    if len(panels) == 1:
        panels[0].set_ylabel(label)
        panels[0].set_xlabel(on_an_axis(factor))
        return
    figure.supylabel(label, fontsize=10)
    for axes in panels[-across:]:
        axes.set_xlabel(on_an_axis(factor))


def _name_levels(axes: Axes, levels: Sequence[str], inches: float) -> None:
    """Write the names of the levels, of numbers only as many as have room."""
    room = inches / len(levels) - GAP
    longest = max(len(word) for level in levels for word in level.split() or [""])
    letters = max(int(room / LETTER), 1)
    numbers = all(level.lstrip("-").replace(".", "", 1).isdigit() for level in levels)
    step = 1
    while numbers and (inches * step / len(levels) - GAP) < longest * LETTER:
        step += 1
    places = list(range(0, len(levels), step))
    upright = numbers or longest <= letters
    names = [
        levels[place] if numbers else broken(levels[place], min(letters, 20) if upright else 20)
        for place in places
    ]
    axes.set_xticks(places, names, rotation=0 if upright else 90)


def _line(
    axes: Axes,
    points: Sequence[Point],
    levels: Sequence[str],
    shift: float,
    bands: bool,
    colour: str,
    mark: str,
    label: str,
) -> None:
    places = [levels.index(point.level) + shift for point in points]
    ends = [
        (place, point.low, point.high)
        for place, point in zip(places, points, strict=True)
        if point.low is not None and point.high is not None
    ]
    if bands and ends:
        at, low, high = (list(numbers) for numbers in zip(*ends, strict=True))
        axes.fill_between(at, low, high, color=colour, alpha=0.18, lw=0)
    for place, lower, upper in () if bands else ends:
        axes.plot([place, place], [lower, upper], color=colour, linewidth=1.6)
    axes.plot(
        places,
        [point.value for point in points],
        marker=mark,
        markersize=3.5 if bands else 6,
        color=colour,
        linewidth=1.4 if bands else 1,
        label=broken(label, 30),
    )


def _difference(
    axes: Axes,
    contrast: LevelContrast,
    place: float,
    colour: str,
    mark: tuple[str, float],
    shown: bool,
) -> None:
    one = contrast.difference
    if isinstance(one, NotEstimable):
        return
    axes.plot([place, place], [one.low, one.high], color=INK, linewidth=1.4)
    axes.plot(
        [place], [one.value], marker=mark[0], markersize=mark[1], markeredgecolor=colour,
        markeredgewidth=1.8, markerfacecolor=colour if shown else "white",
    )  # fmt: skip


def _contrast_data(contrasts: Sequence[LevelContrast], alpha: float) -> pd.DataFrame:
    """Return a row per comparison, with empty cells where there is no estimate."""
    names = ("value", "low", "high", "level", "statistic", "df", "p")
    return pd.DataFrame(
        [
            (
                one.level,
                one.arm,
                one.label,
                *(getattr(one.difference, name, None) for name in names),
                one.p_adjusted,
                int(one.p_adjusted is not None and one.p_adjusted < alpha),
            )
            for one in contrasts
        ],
        columns=[
            "at", "arm", "label", "value", "low", "high", "level", "statistic", "df", "p",
            "p_adjusted", "filled",
        ],
    )  # fmt: skip
