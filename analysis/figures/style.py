"""Style of every figure, and its files, whose bytes are the same for the same data."""

import io
import re
import textwrap
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
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
from analysis.study_data.csv_files import guarded_csv

# The report replaces the colours of ink and lines by the page's colours.
INK, MUTED, GRID = "#1b1f24", "#646b76", "#d5d9df"
# Okabe & Ito (2008) without black and yellow, which are invisible on a dark or light background.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#e69f00", "#56b4e9", "#cc79a7")
CONTROL = "#858b95"
RIGHT, WRONG = COLOURS[0], COLOURS[1]
WIDTH = 5.2  # inches: 374 units, near the width of a phone
SMALL = 9.0  # points: the smallest letters, which a journal's column shows with 6
AXIS_LENGTH = 48  # characters of an axis label before it is wrapped
AXIS_WIDTH = 240  # points; limit of a line's length in any font
NOTE_LENGTH = 78  # characters of a line of the note under the figure
LINE_HEIGHT = 12  # points, for text of 10 points
LABEL_LENGTH = 20  # characters of an arm's label before it is wrapped
ABOVE, BELOW = 0.15, 0.1  # margins before the first and after the last row, in rows
BETWEEN_ROWS = 0.1  # inches between the labels of two rows

_INCHES: ContextVar[float] = ContextVar("width of figures", default=WIDTH)
CARRIED: WeakKeyDictionary[Figure, pd.DataFrame] = WeakKeyDictionary()
DPI = 300
SIZE = re.compile(rb'\b((?:width|height)=")([\d.]+)pt"')
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
    "text.parse_math": False,  # a label may contain a dollar sign
}


def colours(arms: Sequence[str], control: str) -> dict[str, str]:
    """Return a colour per arm, grey for the control.

    Colours repeat after six arms; the labels identify the arms.
    """
    others = [arm for arm in arms if arm != control]
    return {control: CONTROL} | {arm: COLOURS[i % 6] for i, arm in enumerate(others)}


def width() -> float:
    """Return the width in inches of the figures that are drawn now."""
    return _INCHES.get()


@contextmanager
def as_wide_as(inches: float) -> Iterator[None]:
    """Draw figures of this width within the block, instead of the width of a page."""
    token = _INCHES.set(inches)
    try:
        yield
    finally:
        _INCHES.reset(token)


def rows(labels: Sequence[str], row_height: float = 0.62) -> tuple[Figure, Axes]:
    """Return a figure with one named row per label, the first on top, at y = 0, 1, 2, …

    A row is ``row_height`` inches high, or as high as the longest label.
    """
    lines = [broken(label).split("\n") for label in labels]
    tallest = max((len(label) for label in lines), default=1)
    row_height = max(row_height, LINE_HEIGHT * tallest / 72 + BETWEEN_ROWS)
    figure = Figure(figsize=(width(), 0.95 + row_height * len(labels)), layout="constrained")
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(w_pad=0.1)  # inches, because another font may be wider
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
    """Draw a text per line, each ending at the axis in any font.

    matplotlib would align the lines of a single text by its own font metrics.
    """
    for number, line in enumerate(lines):
        below = LINE_HEIGHT * (number - (len(lines) - 1) / 2)
        axes.annotate(
            line, (0, place), (-6, -below), xycoords=axes.get_yaxis_transform(),
            textcoords="offset points", ha="right", va="center", annotation_clip=False,
        )  # fmt: skip


def broken(label: str, length: int = LABEL_LENGTH) -> str:
    """Return the label wrapped to `length` characters.

    Existing line breaks are kept.
    """
    lines = [line for part in label.split("\n") for line in textwrap.wrap(part, length)]
    return "\n".join(lines)


def on_an_axis(label: str) -> str:
    """Return an axis label wrapped to the width of a narrow axis."""
    wider = width() / WIDTH
    for length in range(round(AXIS_LENGTH * wider), LABEL_LENGTH, -4):
        lines = broken(label, length)
        if max(map(_points, lines.split("\n")), default=0) <= AXIS_WIDTH * wider:
            return lines
    return broken(label, LABEL_LENGTH)


def _points(line: str) -> float:
    font = FontProperties(family="sans-serif", size=10)
    return float(text_to_path.get_text_width_height_descent(line, font, ismath=False)[0])


def note(figure: Figure, text: str, simulated: bool) -> None:
    """Write the note under the figure, which stays with the figure when it is copied."""
    parts = [text, "SIMULATED DATA"] if simulated else [text]
    length = round(NOTE_LENGTH * figure.get_figwidth() / WIDTH)
    figure.supxlabel(broken(" · ".join(parts), length), fontsize=SMALL, color=MUTED)


def carry(figure: Figure, data: pd.DataFrame) -> Figure:
    """Attach the numbers that the figure shows, unrounded.

    `save` writes them to a CSV file.
    """
    CARRIED[figure] = data
    return figure


def save(figure: Figure, stem: Path, suffixes: Collection[str] = (".svg", ".png")) -> None:
    """Write stem.svg and stem.png, or only these `suffixes`, and stem.csv, the data shown.

    The files have no date, and ids depend on the name, so the same data give the same bytes.
    Raises TypeError for a figure without data.
    """
    if figure not in CARRIED:
        raise TypeError(f"the figure {stem.name} has no data attached; return carry(figure, …)")
    data = guarded_csv(CARRIED[figure])
    stem.with_suffix(".csv").write_text(data, encoding="utf-8", newline="\n")
    lay_out(figure)
    figure.set_layout_engine("none")  # the layout is computed once for all files
    for suffix in UNDATED:
        if suffix in suffixes:
            stem.with_suffix(suffix).write_bytes(drawn(figure, suffix, stem.name))


def drawn(figure: Figure, suffix: str, name: str, scale: float = 1.0) -> bytes:
    """Return the content of an SVG or PNG file of a figure that is laid out.

    With `scale`, the file is wider than the figure by this factor. A PNG has 300 dpi.
    """
    of_png: dict[str, Any] = {"pil_kwargs": {"dpi": (DPI, DPI)}} if suffix == ".png" else {}
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": name}):
        buffer = io.BytesIO()
        figure.savefig(
            buffer, format=suffix[1:], dpi=DPI * scale, metadata=UNDATED[suffix], facecolor="white",
            **of_png,
        )  # fmt: skip
    if suffix == ".png" or scale == 1:
        return buffer.getvalue()
    # The drawing keeps its coordinates; only the size at which it is shown changes.
    return SIZE.sub(
        lambda size: b'%s%.4fpt"' % (size[1], float(size[2]) * scale), buffer.getvalue(), count=2
    )
