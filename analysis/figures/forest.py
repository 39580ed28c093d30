"""Forest plots of arms against a reference: differences around 0, or ratios around 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from analysis.apa_numbers import bounded
from analysis.figures.style import INK, MUTED, SMALL, carry, colours, note, on_an_axis, rows
from analysis.statistics.estimate import Bound, Estimate, NotEstimable

NEAR = (0.1, 0.2, 0.5, 1, 2, 5, 10)  # ticks of ratios that span less than two decades
FINE = (0.4, 0.6, 0.8, 1, 1.25, 1.6, 2.5)  # ticks of ratios that are close together


@dataclass(frozen=True)
class Row:
    """An arm in a forest plot.

    `p_adjusted` is adjusted over the arms; `shown` is whether the text may claim the difference.
    """

    arm: str
    label: str
    estimate: Estimate | Bound | NotEstimable
    p_adjusted: float | None = None
    shown: bool = False


@dataclass(frozen=True)
class Forest:
    """The kind of estimates in a forest plot: `axis` label, `note`, and whether they are ratios.

    `smallest_effect` is drawn as a band around zero, for differences only.
    """

    axis: str
    note: str
    ratio: bool = False
    smallest_effect: float | None = None


def filled_note(alpha: float, what: str = "arm") -> str:
    """Return the part of the note that explains filled marks."""
    return f"filled: adjusted p of the {what} and of the outcome below {bounded(alpha)}"


def draw_forest(
    entries: Sequence[Row], kind: Forest, arms: Sequence[str], control: str, simulated: bool
) -> Figure:
    """Draw a row per arm: estimate and interval, filled if the text may claim the difference."""
    figure, axes = rows([entry.label for entry in entries], row_height=0.44)
    null = 1.0 if kind.ratio else 0.0
    if kind.ratio:
        # On a logarithmic axis a ratio and its inverse are equally far from 1.
        axes.set_xscale("log")
    if kind.smallest_effect is not None:
        axes.axvspan(-kind.smallest_effect, kind.smallest_effect, color=MUTED, alpha=0.12, lw=0)
    axes.axvline(null, color=MUTED, linewidth=1)
    colour = colours(arms, control)
    for place, entry in enumerate(entries):
        _row(axes, place, entry, colour)
    for place, entry in enumerate(entries):  # at the ends of the axis that the others need
        if isinstance(entry.estimate, Bound):
            _arrow(axes, place, entry, entry.estimate, colour)
    if kind.ratio:
        _ratio_ticks(axes)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(on_an_axis(kind.axis))
    note(figure, kind.note, simulated)
    return carry(figure, forest_data(entries))


def forest_data(entries: Sequence[Row]) -> pd.DataFrame:
    """Return a row per arm, with empty cells where there is no estimate."""
    estimates = [(entry, entry.estimate) for entry in entries]
    return pd.DataFrame(
        {
            "arm": [entry.arm for entry, _ in estimates],
            "label": [entry.label for entry, _ in estimates],
            **{
                name: [_number(estimate, name) for _, estimate in estimates]
                for name in ("value", "low", "high", "level", "p")
            },
            "p_adjusted": [entry.p_adjusted for entry in entries],
            "filled": [int(entry.shown) for entry in entries],
        }
    )


def _row(axes: Axes, place: int, entry: Row, colour: Mapping[str, str]) -> None:
    estimate = entry.estimate
    if isinstance(estimate, Bound):
        axes.plot([estimate.limit], [place], marker="|", color=INK, markersize=9)
        return
    if isinstance(estimate, NotEstimable):
        inside = axes.get_yaxis_transform()
        axes.text(
            0.01, place, "not estimable", transform=inside, color=MUTED, va="center", size=SMALL
        )
        return
    axes.plot([estimate.low, estimate.high], [place, place], color=INK, linewidth=1.6)
    axes.plot(
        [estimate.value],
        [place],
        marker="o",
        markersize=8,
        markeredgecolor=colour[entry.arm],
        markeredgewidth=2,
        markerfacecolor=colour[entry.arm] if entry.shown else "white",
    )


def _arrow(axes: Axes, place: int, entry: Row, bound: Bound, colour: Mapping[str, str]) -> None:
    """Draw a line from the only limit to the end of the axis, where a mark replaces the ratio."""
    low, high = axes.get_xlim()
    axes.set_xlim(low, high)
    up = bound.value == "infinite"
    end = high if up else low
    axes.plot([bound.limit, end], [place, place], color=INK, linewidth=1.6)
    axes.plot(
        [end],
        [place],
        marker=">" if up else "<",
        markersize=8,
        markeredgecolor=colour[entry.arm],
        markeredgewidth=2,
        markerfacecolor=colour[entry.arm] if entry.shown else "white",
        clip_on=False,
    )


def _number(estimate: Estimate | Bound | NotEstimable, name: str) -> float | str | None:
    if isinstance(estimate, Bound) and name in ("low", "high"):
        return estimate.limit if (name == "low") == (estimate.value == "infinite") else None
    value: float | str | None = getattr(estimate, name, None)
    return value


def _ratio_ticks(axes: Axes) -> None:
    """Print ratios as plain numbers: a few ticks for a short range, decades for a long range."""
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
