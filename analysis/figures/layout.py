"""Room for the data, however long the labels are: a figure grows until its axes have it."""

import warnings
from weakref import WeakKeyDictionary

from matplotlib.axes import Axes
from matplotlib.figure import Figure

MOST_GROWTHS = 20

ROOM: WeakKeyDictionary[Axes, float] = WeakKeyDictionary()


def give_room(axes: Axes, height: float) -> None:
    """However long the labels are, `save` makes these axes at least ``height`` inches high."""
    ROOM[axes] = height


def lay_out(figure: Figure) -> None:
    """Place everything; the figure grows as long as an axes is lower than it has to be."""
    for _ in range(MOST_GROWTHS):
        missing = 0.5 if _collapses(figure) else max(map(_missing, figure.axes), default=0.0)
        if missing <= 0:
            return
        figure.set_figheight(figure.get_figheight() + missing)
    figure.draw_without_rendering()  # warns of what no height mends


def _collapses(figure: Figure) -> bool:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "constrained_layout not applied")
        try:
            figure.draw_without_rendering()
        except UserWarning as warning:
            if "constrained_layout" not in str(warning):
                raise
            return True
    return False


def _missing(axes: Axes) -> float:
    """Inches that the figure has to grow by for these axes; it is shared with others above them."""
    room = ROOM.get(axes, 0.0)
    figure = axes.get_figure(root=True)
    height = axes.get_position().height * figure.get_figheight() if figure else room
    if height > room - 0.005:
        return 0.0
    place = axes.get_subplotspec()
    return (room - height) * (place.get_gridspec().nrows if place else 1)
