"""Layout of a figure, which grows until its axes have room, however long the labels are."""

import warnings
from weakref import WeakKeyDictionary

from matplotlib.axes import Axes
from matplotlib.figure import Figure

MOST_GROWTHS = 20

ROOM: WeakKeyDictionary[Axes, float] = WeakKeyDictionary()


def give_room(axes: Axes, height: float) -> None:
    """Set the height in inches that `save` guarantees for these axes."""
    ROOM[axes] = height


def lay_out(figure: Figure) -> None:
    """Place all elements, and enlarge the figure until no axes is lower than required."""
    if not fits(figure):
        figure.draw_without_rendering()  # warns of overlaps that no height resolves


def fits(figure: Figure) -> bool:
    """Place all elements as `lay_out` does, and return whether the axes have room at last."""
    for _ in range(MOST_GROWTHS):
        missing = 0.5 if _collapses(figure) else max(map(_missing, figure.axes), default=0.0)
        if missing <= 0:
            return True
        figure.set_figheight(figure.get_figheight() + missing)
    return False


def _collapses(figure: Figure) -> bool:
    """Compute the layout alone, without a drawing, and return whether some axes have no room."""
    engine = figure.get_layout_engine()
    if engine is None:
        return False
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "constrained_layout not applied")
        try:
            engine.execute(figure)
        except UserWarning as warning:
            if "constrained_layout" not in str(warning):
                raise
            return True
    return False


def _missing(axes: Axes) -> float:
    """Return the inches by which the figure has to grow for these axes, which share its height."""
    room = ROOM.get(axes, 0.0)
    figure = axes.get_figure(root=True)
    height = axes.get_position().height * figure.get_figheight() if figure else room
    if height > room - 0.005:
        return 0.0
    place = axes.get_subplotspec()
    return (room - height) * (place.get_gridspec().nrows if place else 1)
