"""Curves of the page: how maps change with the depth of the module, for each network."""

import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.lines import Line2D

from explanations.classifier.figures import draw_confusion, draw_curves
from explanations.classifier.training import EpochRecord
from explanations.evaluation.statistics import Mean
from explanations.source_report.measuring import Numbers
from explanations.source_report.pictures import png_uri
from explanations.source_report.verdicts import KINDS, MODULES, by_module, untrained_by_module

PANELS = {
    "gradcam": (
        ("cam_blocks", "Grad-CAM: share of the map in\nits strongest 4 of 16 blocks"),
        ("cam_entropy", "Grad-CAM: entropy / log(cells),\nat the module's own resolution"),
    ),
    "saliency": (
        ("saliency_blocks", "Saliency: share of the map in\nits strongest 4 of 16 blocks"),
        ("saliency_half", "Saliency: share of cells\nabove half of the maximum"),
    ),
}
"""Panels of each section of the page."""


@dataclass(frozen=True)
class DepthRow:
    """Values of a module in a figure by depth: each panel with and without training."""

    module: int
    kind: str
    values: Sequence[Mean | None]
    """For each panel, trained and then with random weights: the mean over draws, from the lowest to
    the highest draw. None without any map."""


def values_by_depth(numbers: Numbers) -> dict[str, list[DepthRow]]:
    """Return the values of each section's figure, with the number of images of every point."""
    rows = {}
    for section, panels in PANELS.items():
        means = [by(numbers, name) for name, _ in panels for by in (by_module, untrained_by_module)]
        rows[section] = [
            DepthRow(module, KINDS[module], [column[module] for column in means])
            for module in MODULES
        ]
    return rows


TRAINED, RANDOM = "#0072b2", "#777777"
EVEN = 0.24
"""Lower end of the axis for the share in the strongest 4 of 16 blocks."""
MARKS = {"Conv": "o", "ReLU": "^", "Pool": "s"}


def by_depth(numbers: Numbers) -> dict[str, str]:
    """Draw the figure of each section: two numbers by module, trained and with random weights."""
    return {section: _panels(numbers, panels) for section, panels in PANELS.items()}


def _panels(numbers: Numbers, panels: Sequence[tuple[str, str]]) -> str:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axis, (name, title) in zip(axes, panels, strict=True):
        for by, colour, label in (
            (untrained_by_module, RANDOM, "random"),
            (by_module, TRAINED, "trained"),
        ):
            means = by(numbers, name)
            there = [(m, mean) for m, mean in zip(MODULES, means, strict=True) if mean]
            axis.plot([m for m, _ in there], [v.mean for _, v in there], color=colour, label=label)
            for module, mean in there:
                low, high = (mean.mean if end is None else end for end in (mean.low, mean.high))
                axis.plot([module, module], [low, high], color=colour)
                axis.plot(module, mean.mean, MARKS[KINDS[module]], color=colour, markersize=4)
        axis.set_ylabel(title, fontsize=9)
        # An even map has a quarter of its sum in 4 of 16 blocks, the smallest value there is.
        axis.set_ylim(*((EVEN, None) if name.endswith("_blocks") else (0, 1.02)))
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    kinds = [
        Line2D([], [], color=RANDOM, marker=mark, linestyle="", markersize=4, label=kind)
        for kind, mark in MARKS.items()
    ]
    lines, _ = axes[0].get_legend_handles_labels()
    figure.legend(handles=[*lines, *kinds], frameon=False, loc="outside lower center", ncols=5)
    for axis in axes:
        axis.set_xlabel("Number of the module")
        axis.set_xticks(list(MODULES))
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, format="png")
    plt.close(figure)
    return png_uri(buffer.getvalue())


def of_card(card: Mapping[str, Any]) -> dict[str, str]:
    """Draw the confusion matrix and, if the card has a history, the learning curves."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.png"
        draw_confusion(
            card["evaluation"]["test"]["confusion"], card["network"]["class_names"], path
        )
        figures = {"confusion": png_uri(path.read_bytes())}
        if card.get("history"):
            draw_curves([EpochRecord(**record) for record in card["history"]], path)
            figures["curves"] = png_uri(path.read_bytes())
    return figures
