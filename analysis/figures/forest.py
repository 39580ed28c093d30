"""How far each arm lies from a reference: differences about 0, or ratios about 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from analysis.figures.style import INK, MUTED, carry, colours, note, on_an_axis, rows
from analysis.statistics.estimate import Estimate, NotEstimable

NEAR = (0.1, 0.2, 0.5, 1, 2, 5, 10)  # ticks of ratios that span less than two decades
FINE = (0.4, 0.6, 0.8, 1, 1.25, 1.6, 2.5)  # and of those that lie close together


@dataclass(frozen=True)
class Row:
    """One arm of a forest."""

    arm: str
    label: str
    estimate: Estimate | NotEstimable


@dataclass(frozen=True)
class Forest:
    """What the estimates are: `axis` in words, `note` on interval and filling, ratio or not.

    `smallest_effect` is drawn as a band about zero, differences only.
    """

    axis: str
    note: str
    ratio: bool = False
    smallest_effect: float | None = None


def draw_forest(
    entries: Sequence[Row], kind: Forest, arms: Sequence[str], control: str, simulated: bool
) -> Figure:
    """A row per arm: estimate and interval; filled where the interval leaves out "no effect"."""
    figure, axes = rows([entry.label for entry in entries], row_height=0.44)
    null = 1.0 if kind.ratio else 0.0
    if kind.ratio:
        axes.set_xscale("log")
    if kind.smallest_effect is not None:
        axes.axvspan(-kind.smallest_effect, kind.smallest_effect, color=MUTED, alpha=0.12, lw=0)
    axes.axvline(null, color=MUTED, linewidth=1)
    colour = colours(arms, control)
    for place, entry in enumerate(entries):
        _row(axes, place, entry, colour, null)
    if kind.ratio:
        _ratio_ticks(axes)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(on_an_axis(kind.axis))
    note(figure, kind.note, simulated)
    return carry(figure, forest_data(entries))


def forest_data(entries: Sequence[Row]) -> pd.DataFrame:
    """A row per arm; empty cells where there is no estimate."""
    found = [(entry, entry.estimate) for entry in entries]
    return pd.DataFrame(
        {
            "arm": [entry.arm for entry, _ in found],
            "label": [entry.label for entry, _ in found],
            **{
                name: [getattr(one, name, None) for _, one in found]
                for name in ("value", "low", "high", "level", "p")
            },
        }
    )


def _row(axes: Axes, place: int, entry: Row, colour: Mapping[str, str], null: float) -> None:
    one = entry.estimate
    if isinstance(one, NotEstimable):
        inside = axes.get_yaxis_transform()
        axes.text(0.01, place, "not estimable", transform=inside, color=MUTED, va="center", size=8)
        return
    leaves_out = one.low > null or one.high < null
    axes.plot([one.low, one.high], [place, place], color=INK, linewidth=1.6)
    axes.plot(
        [one.value],
        [place],
        marker="o",
        markersize=8,
        markeredgecolor=colour[entry.arm],
        markeredgewidth=2,
        markerfacecolor=colour[entry.arm] if leaves_out else "white",
    )


def _ratio_ticks(axes: Axes) -> None:
    """Ratios as plain numbers; a few where they span little, decades where they span much."""
    low, high = axes.get_xlim()
    near = [tick for tick in NEAR if low <= tick <= high]
    if len(near) < 3:
        near = [tick for tick in FINE if low <= tick <= high]
    if high / low < 100 and len(near) > 1:
        axes.set_xticks(near)
    else:
        axes.xaxis.set_major_locator(LogLocator(numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
