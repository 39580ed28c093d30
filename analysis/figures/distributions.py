"""Every participant's score, and each arm's mean with its interval."""

from collections import Counter

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.descriptives import ArmSummary
from analysis.estimate import Estimate, Groups, Scores
from analysis.figures.style import INK, MUTED, colours, note, rows

BINS = 60  # across the axis: scores closer than one bin are stacked
TALLEST = 6  # dots in a stack before the next one is begun beside it
STEP = 0.1  # of a row's height from dot to dot


def draw_distributions(
    arms: tuple[ArmSummary, ...], groups: Groups, control: str, label: str, simulated: bool
) -> Figure:
    """One row per arm: a dot per participant, and below the dots mean and interval."""
    figure, axes = rows([f"{arm.label}\nn = {arm.n}" for arm in arms], row_height=0.66)
    colour = colours([arm.arm for arm in arms], control)
    low, high = _range(groups)
    stacks = {arm.arm: _stacks(groups[arm.arm], low, high) for arm in arms}
    for row, arm in enumerate(arms):
        points = stacks[arm.arm]
        axes.scatter(
            [x for x, _ in points],
            [row + 0.04 - STEP * height for _, height in points],
            s=15,
            color=colour[arm.arm],
            linewidths=0,
        )
        _mean(axes, arm, row + 0.16)
    axes.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    axes.set_xlabel(label)
    note(figure, "dot: a participant · diamond and line: mean, 95 % interval", simulated)
    return figure


def _mean(axes: Axes, arm: ArmSummary, y: float) -> None:
    if isinstance(arm.mean, Estimate):
        axes.plot([arm.mean.low, arm.mean.high], [y, y], color=INK, linewidth=1.8)
        axes.plot([arm.mean.value], [y], marker="D", markersize=5.5, color=INK)
    else:
        inside = axes.get_yaxis_transform()
        axes.text(0.01, y, "no interval", transform=inside, color=MUTED, fontsize=8)


def _range(groups: Groups) -> tuple[float, float]:
    every = [float(score) for scores in groups.values() for score in scores]
    low, high = (min(every), max(every)) if every else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _stacks(scores: Scores, low: float, high: float) -> list[tuple[float, int]]:
    """(place on the axis, height in its stack from 1) per participant, lowest score first.

    A full stack goes on beside itself, to the right and the left in turn, by one bin.
    """
    seen: Counter[int] = Counter()
    bin_width = (high - low) / BINS
    placed = []
    for score in sorted(map(float, scores)):
        stack, height = divmod(seen[round((score - low) / bin_width)], TALLEST)
        seen[round((score - low) / bin_width)] += 1
        side = (stack + 1) // 2 * (1 if stack % 2 else -1)
        placed.append((score + side * bin_width, height + 1))
    return placed
