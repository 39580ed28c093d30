"""Figures as SVG, with a point for each mean and a line for its 95 % interval."""

import io
from collections.abc import Callable, Mapping, Sequence

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from explanations.evaluation.catalogue import GROUPS
from explanations.evaluation.measures.localisation import CHANCE
from explanations.evaluation.statistics import Mean
from explanations.evaluation.summary import LimitRow, Measured, Summary

INK, MUTED, GRID = "#1b1f24", "#646b76", "#d5d9df"
METHOD, CONTROL = "#0072b2", "#858b95"
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#777777")
ARROWS = {"higher": "higher is better", "lower": "lower is better", "neither": ""}
SETTINGS = {
    "font.size": 9,
    "svg.fonttype": "path",
    "svg.hashsalt": "evaluation",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "axes.grid.axis": "x",
}
COLUMNS = 3


def draw_all(summary: Summary, labels: Mapping[str, str]) -> dict[str, bytes]:
    """Draw all figures as SVG, by name. The same summary always gives the same bytes."""
    figures: dict[str, bytes] = {}
    with mpl.rc_context(SETTINGS):  # type: ignore[arg-type]
        for group in GROUPS:
            measures = [
                measured for measured in summary.measures if measured.measure.group == group.key
            ]
            if measures and group.key != "axioms":
                figures[group.key] = _svg(_group(measures, summary, labels))
        figures["agreement"] = _svg(_agreement(summary, labels))
        for key, rows in summary.limits.items():
            if key in _LIMITS:
                figures[key] = _svg(_LIMITS[key](rows))
    return figures


def _group(measures: Sequence[Measured], summary: Summary, labels: Mapping[str, str]) -> Figure:
    names = [*summary.methods, *summary.controls]
    count = min(COLUMNS, len(measures))
    lines = -(-len(measures) // count)
    figure, grid = plt.subplots(
        lines,
        count,
        figsize=(3.0 * count + 1, (0.21 * len(names) + 0.85) * lines),
        layout="constrained",
        sharey=True,
        squeeze=False,
    )
    for axes, measured in zip(grid.flat, measures, strict=False):
        _points(axes, measured, names, summary.controls)
        axes.set_yticks(range(len(names)), [labels[name] for name in names])
    grid[0, 0].invert_yaxis()
    for axes in grid.flat[len(measures) :]:
        axes.set_axis_off()
    return figure


def _points(axes: Axes, measured: Measured, names: Sequence[str], controls: Sequence[str]) -> None:
    for place, name in enumerate(names):
        mean = measured.row(name)
        if mean is not None:
            colour = CONTROL if name in controls else METHOD
            _interval(axes, mean, place, colour)
    chance = measured.row(CHANCE)
    if chance is not None:
        axes.axvline(chance.mean, color=MUTED, linestyle=":", linewidth=1)
    hint = ARROWS[measured.measure.better]
    axes.set_title(measured.measure.label, fontsize=9, loc="left")
    axes.set_xlabel(hint + (", dotted: chance" if chance else ""), fontsize=8, color=MUTED)
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    if measured.measure.unit == "ms":
        axes.set_xscale("log")


def _interval(axes: Axes, mean: Mean, place: float, colour: str) -> None:
    if mean.low is not None and mean.high is not None:
        axes.plot([mean.low, mean.high], [place, place], color=colour, linewidth=2)
    axes.plot([mean.mean], [place], "o", color=colour, markersize=4)


def _agreement(summary: Summary, labels: Mapping[str, str]) -> Figure:
    names = [*summary.methods, *summary.controls]
    figure, grid = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained", sharey=True)
    titles = ("Rank correlation", "Top 10 % in common (chance .10)")
    for axes, title, pairs in zip(grid, titles, summary.agreement.values(), strict=True):
        values = np.full((len(names), len(names)), np.nan)
        for (a, b), mean in pairs.items():
            values[names.index(a), names.index(b)] = mean.mean
            values[names.index(b), names.index(a)] = mean.mean
        axes.imshow(values, cmap="cividis", vmin=0, vmax=1)
        for (row, column), value in np.ndenumerate(values):
            if not np.isnan(value):
                colour = "black" if value > 0.5 else "white"
                text = f"{value:.2f}"
                axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
        axes.set_title(title, fontsize=9, loc="left")
        axes.set_xticks(range(len(names)), [labels[n] for n in names], rotation=40, ha="right")
        axes.set_yticks(range(len(names)), [labels[n] for n in names])
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    return figure


def _depth(rows: Sequence[LimitRow]) -> Figure:
    named = {
        "auc": "pixel AUC",
        "pointing": "pointing game",
        "mass": "mass on the object",
        "empty": "share of empty maps",
        "blocks": "strongest 4 of 16 blocks",
        "random_blocks": "the same, random weights",
    }
    figure, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
    _lines(axes, rows, named, range(len(rows)))
    labels = [row.level.split(". ")[1].replace(", ", "\n").replace(" x ", "×") for row in rows]
    axes.set_xticks(range(len(rows)), labels, fontsize=7)
    axes.set_ylim(-0.02, 1.02)
    return figure


def _by_count(quantities: Mapping[str, str], label: str) -> Callable[[Sequence[LimitRow]], Figure]:
    def draw(rows: Sequence[LimitRow]) -> Figure:
        figure, axes = plt.subplots(figsize=(5.5, 3.2), layout="constrained")
        counts = [int(row.level.split()[0]) for row in rows]
        _lines(axes, rows, quantities, counts)
        axes.set_xscale("log")
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.minorticks_off()
        axes.set_xlabel(label)
        axes.set_ylim(0, None)
        return figure

    return draw


def _lines(
    axes: Axes, rows: Sequence[LimitRow], quantities: Mapping[str, str], places: Sequence[int]
) -> None:
    for (key, label), colour in zip(quantities.items(), LINES, strict=False):
        # Quantities that need a mask are absent for image sets without masks.
        shown = [
            (x, row.values[key]) for x, row in zip(places, rows, strict=True) if key in row.values
        ]
        if not shown:
            continue
        xs = [x for x, _ in shown]
        axes.plot(xs, [mean.mean for _, mean in shown], "o-", color=colour, ms=4, label=label)
        lows = [mean.mean if mean.low is None else mean.low for _, mean in shown]
        highs = [mean.mean if mean.high is None else mean.high for _, mean in shown]
        axes.fill_between(xs, lows, highs, color=colour, alpha=0.18, linewidth=0)
    axes.legend(frameon=False, fontsize=8)
    axes.grid(visible=True, axis="y")


_LIMITS: Mapping[str, Callable[[Sequence[LimitRow]], Figure]] = {
    "gradcam_depth": _depth,
    "saliency_depth": _depth,
    "deepshap_background": _by_count(
        {"error": "error", "spearman": "rank correlation", "top_overlap": "top 10 % in common"},
        "images in each background",
    ),
    "lime_samples": _by_count(
        {"spearman": "rank correlation", "shown": "shown patches in common", "r2": "R²"},
        "samples",
    ),
}


def _svg(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    metadata = {"Date": None, "Creator": None}
    figure.savefig(buffer, format="svg", metadata=metadata, facecolor="white")
    plt.close(figure)
    return buffer.getvalue()
