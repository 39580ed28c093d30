"""Figure of agreement with right and with wrong predictions, by arm."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.style import MUTED, RIGHT, SMALL, WRONG, carry, note, rows
from analysis.sections.agreement import ArmAgreement
from analysis.statistics.estimate import Estimate, NotEstimable


def draw_agreement(arms: tuple[ArmAgreement, ...], simulated: bool) -> Figure:
    """Draw one row per arm: shares of right and of wrong predictions accepted, with intervals."""
    figure, axes = rows([arm.label for arm in arms], row_height=0.5)
    for row, arm in enumerate(arms):
        _point(axes, arm.agreement_right, row - 0.13, RIGHT, "o")
        _point(axes, arm.agreement_wrong, row + 0.13, WRONG, "D")
    axes.plot([], [], marker="o", color=RIGHT, label="right predictions")
    axes.plot([], [], marker="D", color=WRONG, label="wrong predictions")
    axes.set_xlim(-0.02, 1.02)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.set_xlabel("Predictions accepted")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, frameon=False, borderpad=0)
    note(figure, "mean of the participants' shares, with its interval", simulated)
    return carry(figure, _data(arms))


def _data(arms: tuple[ArmAgreement, ...]) -> pd.DataFrame:
    """Return a row per arm and kind of prediction, with empty cells where there is no interval."""
    data = [
        (arm, kind, share)
        for arm in arms
        for kind, share in (("right", arm.agreement_right), ("wrong", arm.agreement_wrong))
    ]
    return pd.DataFrame(
        {
            "arm": [arm.arm for arm, _, _ in data],
            "label": [arm.label for arm, _, _ in data],
            "predictions": [kind for _, kind, _ in data],
            **{
                name: [getattr(share, name, None) for _, _, share in data]
                for name in ("value", "low", "high", "level", "n")
            },
        }
    )


def _point(axes: Axes, share: Estimate | NotEstimable, y: float, colour: str, marker: str) -> None:
    if isinstance(share, Estimate):
        axes.plot([share.low, share.high], [y, y], color=colour, linewidth=2)
        axes.plot([share.value], [y], marker=marker, markersize=6.5, color=colour)
    else:
        axes.text(0, y, "no interval", color=MUTED, va="center", fontsize=SMALL)
