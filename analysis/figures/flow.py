"""Figure of the participant flow: randomised, excluded by each rule, and remaining, by arm."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.style import INK, MUTED, SMALL, WIDTH, carry, note, width
from analysis.results import Results

LINE = 51  # characters of a box's line


@dataclass(frozen=True)
class Box:
    """Participants by arm. A box that `leaves` the flow is drawn to the right."""

    title: str
    counts: Mapping[str, int]
    leaves: bool = False


def draw_flow(results: Results) -> Figure:
    """Draw a column of boxes, everyone on top, with the excluded to the right of each gap."""
    boxes = _boxes(results)
    most = max(len(_lines(box, results)) for box in boxes)
    row = (1.2 * SMALL * most + 12) / 72  # inches: a box's lines, its frame, a gap
    figure = Figure(figsize=(width(), row * len(boxes) + 0.6), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(len(boxes) - 0.2, -0.8)
    for place, box in enumerate(boxes):
        _draw(axes, place, box, results)
    for upper, lower in pairwise(place for place, box in enumerate(boxes) if not box.leaves):
        axes.annotate(
            "", (0.06, lower - 0.55), (0.06, upper + 0.55),
            arrowprops={"arrowstyle": "->", "color": MUTED},
        )  # fmt: skip
    note(figure, "each number is checked against the previous number", results.simulated)
    return carry(figure, _data(boxes, results))


def _boxes(results: Results) -> list[Box]:
    """Return the boxes from all participants down to the per-protocol set."""
    flow, rows = results.study_flow, results.flow
    everyone = "Randomised" if flow.allocation == "randomised" else "Participants"
    boxes = []
    if any(one.before_allocation for one in flow.early_ends):
        # People without an arm have no column of their own, so that the box counts them together.
        boxes += [
            Box(f"Screened out before the allocation: {one.label}", {"": one.before_allocation},
                leaves=True)
            for one in flow.early_ends if one.before_allocation
        ]  # fmt: skip
    boxes += [Box(everyone, {row.arm: row.randomised for row in rows})]
    if all(row.erased_known for row in rows):
        boxes.append(Box("Data erased", {row.arm: row.erased for row in rows}, leaves=True))
        boxes.append(Box("Data exist", {row.arm: row.randomised - row.erased for row in rows}))
    for step in flow.steps:
        boxes.append(Box(f"Excluded: {step.label}", step.excluded, leaves=True))
        boxes.append(Box("Remaining", step.remaining))
    # The data of another study may not show who stopped or left.
    if flow.stopped is not None:
        boxes.append(Box("Stopped early", flow.stopped, leaves=True))
    if flow.left_silently is not None:
        left = "Not complete" if flow.completion == "by_rows" else "Left silently"
        boxes.append(Box(left, flow.left_silently, leaves=True))
    if flow.ended is not None and any(flow.ended.values()):
        boxes.append(Box("Ended by the study", flow.ended, leaves=True))
    boxes.append(Box("Analysed per protocol", flow.sets.per_protocol))
    return boxes


def _data(boxes: list[Box], results: Results) -> pd.DataFrame:
    """Return a row per box and arm, from top to bottom."""
    rows = [
        (box.title, arm, results.labels.get(arm, "none yet"), count)
        for box in boxes
        for arm, count in box.counts.items()
    ]
    return pd.DataFrame(rows, columns=["box", "arm", "label", "participants"])


def _draw(axes: Axes, place: int, box: Box, results: Results) -> None:
    text = "\n".join(_lines(box, results))
    frame = {"boxstyle": "round,pad=0.45", "facecolor": "#ffffff", "edgecolor": MUTED}
    left, colour = (0.14, MUTED) if box.leaves else (0.02, INK)
    axes.text(left, place, text, color=colour, va="center", fontsize=SMALL, bbox=frame)


def _lines(box: Box, results: Results) -> list[str]:
    by_arm = ", ".join(
        f"{results.labels[arm]} {count}"
        for arm, count in box.counts.items()
        if arm in results.labels
    )
    line = round(LINE * width() / WIDTH)
    total = f"{box.title}: {sum(box.counts.values())}"
    return [*textwrap.wrap(total, line), *textwrap.wrap(by_arm, line)]
