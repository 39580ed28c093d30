"""How every figure looks, and how it becomes a file: the same data give the same bytes."""

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.textpath import text_to_path

from analysis.figures.layout import give_room, lay_out

# Ink and lines are replaced by the page's own colours where a figure is set into the report.
INK, MUTED, GRID = "#1b1f24", "#646b76", "#d5d9df"
# Okabe & Ito (2008) without black and yellow, which one of the two backgrounds swallows.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#e69f00", "#56b4e9", "#cc79a7")
CONTROL = "#858b95"
RIGHT, WRONG = COLOURS[0], COLOURS[1]
WIDTH = 5.2  # inches: 374 units, near the width of a phone
AXIS_LENGTH = 48  # characters of an axis's label before it is broken
AXIS_WIDTH = 240  # points: no line is longer, in whatever letters
NOTE_LENGTH = 88  # of the line under the figure
LINE_HEIGHT = 12  # points, of text of 10
LABEL_LENGTH = 20  # characters of an arm's label before it is broken into lines
ABOVE, BELOW = 0.15, 0.1  # of a row, before the first and after the last
BETWEEN_ROWS = 0.1  # inches between the labels of two rows

CARRIED: WeakKeyDictionary[Figure, pd.DataFrame] = WeakKeyDictionary()
UNDATED = {".svg": {"Date": None, "Creator": None}, ".png": {"Software": None}}
SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.fonttype": "none",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.parse_math": False,  # a label may hold a dollar sign
}


def colours(arms: Sequence[str], control: str) -> dict[str, str]:
    """A colour per arm, grey for the control; they repeat after six, labels tell arms apart."""
    others = [arm for arm in arms if arm != control]
    return {control: CONTROL} | {arm: COLOURS[i % 6] for i, arm in enumerate(others)}


def rows(labels: Sequence[str], row_height: float = 0.62) -> tuple[Figure, Axes]:
    """A figure with one named row per label, the first on top; rows lie at y = 0, 1, 2, …

    A row is ``row_height`` inches high, or as high as the longest label.
    """
    lines = [broken(label).split("\n") for label in labels]
    tallest = max((len(label) for label in lines), default=1)
    row_height = max(row_height, LINE_HEIGHT * tallest / 72 + BETWEEN_ROWS)
    figure = Figure(figsize=(WIDTH, 0.95 + row_height * len(labels)), layout="constrained")
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(w_pad=0.1)  # inches: letters of another font may be wider
    axes = figure.add_subplot()
    give_room(axes, row_height * (len(labels) + ABOVE + BELOW))
    axes.set_yticks(range(len(labels)), [""] * len(labels))
    for place, label in enumerate(lines):
        _name_row(axes, place, label)
    axes.set_ylim(len(labels) - 0.5 + BELOW, -0.5 - ABOVE)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    return figure, axes


def _name_row(axes: Axes, place: float, lines: Sequence[str]) -> None:
    """A text per line, each ending at the axis in any font; matplotlib joins lines by its own."""
    for number, line in enumerate(lines):
        below = LINE_HEIGHT * (number - (len(lines) - 1) / 2)
        axes.annotate(
            line, (0, place), (-6, -below), xycoords=axes.get_yaxis_transform(),
            textcoords="offset points", ha="right", va="center", annotation_clip=False,
        )  # fmt: skip


def broken(label: str, length: int = LABEL_LENGTH) -> str:
    """The label in lines of at most `length` characters, kept where it is broken already."""
    lines = [line for part in label.split("\n") for line in textwrap.wrap(part, length)]
    return "\n".join(lines)


def on_an_axis(label: str) -> str:
    """An axis's label in lines that are not longer than a narrow axis."""
    for length in range(AXIS_LENGTH, LABEL_LENGTH, -4):
        lines = broken(label, length)
        if max(map(_points, lines.split("\n")), default=0) <= AXIS_WIDTH:
            return lines
    return broken(label, LABEL_LENGTH)


def _points(line: str) -> float:
    font = FontProperties(family="sans-serif", size=10)
    return float(text_to_path.get_text_width_height_descent(line, font, ismath=False)[0])


def note(figure: Figure, text: str, simulated: bool) -> None:
    """The line under the figure, which goes with it when it is copied out of the report."""
    parts = [text, "SIMULATED DATA"] if simulated else [text]
    figure.supxlabel(broken(" · ".join(parts), NOTE_LENGTH), fontsize=8, color=MUTED)


def carry(figure: Figure, data: pd.DataFrame) -> Figure:
    """The figure with the numbers that it shows, unrounded; `save` writes them beside it."""
    CARRIED[figure] = data
    return figure


def save(figure: Figure, stem: Path) -> None:
    """Write stem.svg, stem.png (200 dpi) and stem.csv, what the figure shows.

    Without date, with ids that depend on the name: the same data give the same bytes.
    """
    if figure not in CARRIED:
        raise TypeError(f"the figure {stem.name} comes without its data; return carry(figure, …)")
    CARRIED[figure].to_csv(stem.with_suffix(".csv"), index=False, lineterminator="\n")
    lay_out(figure)
    figure.set_layout_engine("none")  # found once, the layout holds for both files
    for suffix, metadata in UNDATED.items():
        with mpl.rc_context({**SETTINGS, "svg.hashsalt": stem.name}):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=suffix[1:], dpi=200, metadata=metadata, facecolor="white")
        stem.with_suffix(suffix).write_bytes(buffer.getvalue())
