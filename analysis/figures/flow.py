"""Who was randomised, who was left out by which rule, and who remains, by arm."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.style import INK, MUTED, WIDTH, carry, note
from analysis.results import Results

LINE = 54  # characters of a box's line
LETTERS = 8.5  # points


def draw_flow(results: Results) -> Figure:
    """A column of boxes, everyone on top; to the right of each gap whom the rule took."""
    steps, sets = results.study_flow.steps, results.study_flow.sets
    sizes = {row.arm: row.randomised for row in results.flow}
    kept = [("Randomised", sizes)]
    kept += [("Remaining", dict(step.remaining)) for step in steps]
    kept.append(("Analysed per protocol", dict(sets.per_protocol)))
    titles = [title for title, _ in kept] + [f"Excluded: {step.label}" for step in steps]
    most = max(len(_lines(title, sizes, results)) for title in titles)
    row = (1.2 * LETTERS * most + 12) / 72  # inches: a box's lines, its frame, a gap
    figure = Figure(figsize=(WIDTH, row * (len(kept) + len(steps)) + 0.6), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(2 * len(kept) - 1.2, -0.8)
    for index, (title, counts) in enumerate(kept):
        _box(axes, 0.02, 2 * index, title, counts, results)
        if index:
            axes.annotate(
                "", (0.06, 2 * index - 0.55), (0.06, 2 * index - 1.45),
                arrowprops={"arrowstyle": "->", "color": MUTED},
            )  # fmt: skip
    for index, step in enumerate(steps):
        title = f"Excluded: {step.label}"
        _box(axes, 0.14, 2 * index + 1, title, dict(step.excluded), results, MUTED)
    note(figure, "each number is checked against the one before it", results.simulated)
    return carry(figure, _data(results))


def _data(results: Results) -> pd.DataFrame:
    """A row per box and arm, from top to bottom."""
    steps, sets = results.study_flow.steps, results.study_flow.sets
    boxes = [("Randomised", {row.arm: row.randomised for row in results.flow})]
    for step in steps:
        boxes += [(f"Excluded: {step.label}", dict(step.excluded))]
        boxes += [("Remaining", dict(step.remaining))]
    boxes.append(("Analysed per protocol", dict(sets.per_protocol)))
    rows = [
        (box, arm, results.labels[arm], count)
        for box, counts in boxes
        for arm, count in counts.items()
    ]
    return pd.DataFrame(rows, columns=["box", "arm", "label", "participants"])


def _box(
    axes: Axes, x: float, y: float, title: str, counts: dict[str, int], results: Results,
    colour: str = INK,
) -> None:  # fmt: skip
    lines = _lines(title, counts, results)
    frame = {"boxstyle": "round,pad=0.45", "facecolor": "#ffffff", "edgecolor": MUTED}
    axes.text(x, y, "\n".join(lines), color=colour, va="center", fontsize=LETTERS, bbox=frame)


def _lines(title: str, counts: dict[str, int], results: Results) -> list[str]:
    by_arm = ", ".join(f"{results.labels[arm]} {count}" for arm, count in counts.items())
    total = f"{title}: {sum(counts.values())}"
    return [*textwrap.wrap(total, LINE), *textwrap.wrap(by_arm, LINE)]
