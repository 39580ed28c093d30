"""Figures at the widths of a journal: a column and a page of two columns, as SVG and PNG."""

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from analysis.figures.layout import fits
from analysis.figures.style import SETTINGS, UNDATED, WIDTH, as_wide_as, drawn

MILLIMETRES = 25.4  # in an inch
SINGLE, DOUBLE = 89 / MILLIMETRES, 178 / MILLIMETRES
"""Widths in inches that the figures of most journals may have."""
FOLDERS = {"single-column": SINGLE, "double-column": DOUBLE}


def save_widths(page: Figure, draw: Callable[[], Figure], stem: Path) -> None:
    """Write the figure `page` that `draw` returns at each width of FOLDERS, in those folders.

    The figure of a page fits a column if it is made smaller: its smallest letters then have 6
    points. For two columns it is redrawn, so that its letters do not grow with it, as is a
    figure that is wider than a page's. A width at which the axes of a redrawn figure have no room,
    however high it is, is left out.
    """
    for name, inches in FOLDERS.items():
        figure, scale = page, inches / WIDTH
        if scale > 1 or page.get_figwidth() > WIDTH:
            with mpl.rc_context(SETTINGS), as_wide_as(inches):
                figure, scale = draw(), 1.0
                if not fits(figure):
                    continue
                figure.set_layout_engine("none")
        place = stem.parent / name
        place.mkdir(exist_ok=True)
        for suffix in UNDATED:
            (place / f"{stem.name}{suffix}").write_bytes(drawn(figure, suffix, stem.name, scale))
