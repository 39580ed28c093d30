"""How far each arm lies from the control."""

from matplotlib.figure import Figure

from analysis.estimate import Estimate
from analysis.figures.style import INK, MUTED, colours, note, rows
from analysis.one_way import Contrast


def draw_contrasts(
    contrasts: tuple[Contrast, ...], control: str, control_label: str, simulated: bool
) -> Figure:
    """A forest: difference of means against the control with its simultaneous interval."""
    figure, axes = rows([contrast.label for contrast in contrasts], row_height=0.44)
    colour = colours([contrast.arm for contrast in contrasts], control)
    axes.axvline(0, color=MUTED, linewidth=1)
    for row, contrast in enumerate(contrasts):
        difference = contrast.difference
        if not isinstance(difference, Estimate):
            axes.text(0, row, " not estimable", color=MUTED, va="center", fontsize=8)
            continue
        excludes_zero = difference.low > 0 or difference.high < 0
        axes.plot([difference.low, difference.high], [row, row], color=INK, linewidth=1.6)
        axes.plot(
            [difference.value],
            [row],
            marker="o",
            markersize=8,
            markeredgecolor=colour[contrast.arm],
            markeredgewidth=2,
            markerfacecolor=colour[contrast.arm] if excludes_zero else "white",
        )
    axes.set_xlabel(f"Difference of means: arm minus “{control_label}”")
    note(
        figure, "line: Dunnett interval, unequal variances · filled: it leaves out zero", simulated
    )
    return figure
