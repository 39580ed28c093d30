"""Every participant's score, and each arm's mean with its interval."""

from collections import Counter

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.descriptives import ArmSummary
from analysis.estimate import Estimate, Groups
from analysis.figures.style import INK, MUTED, colours, note, rows

BINS = 70  # across the axis: scores closer than one bin are stacked
STACK = 0.62  # of a row's height is for dots


def draw_distributions(
    arms: tuple[ArmSummary, ...], groups: Groups, control: str, label: str, simulated: bool
) -> Figure:
    """One row per arm: a dot per participant, and below the dots mean and interval."""
    figure, axes = rows([f"{arm.label}\nn = {arm.n}" for arm in arms], row_height=0.66)
    colour = colours([arm.arm for arm in arms], control)
    low, high = _range(groups)
    stacks = {arm.arm: _stacks(groups[arm.arm], low, high) for arm in arms}
    tallest = max((height for stack in stacks.values() for _, height in stack), default=1)
    step = min(0.11, STACK / tallest)
    for row, arm in enumerate(arms):
        points = stacks[arm.arm]
        axes.scatter(
            [x for x, _ in points],
            [row + 0.02 - step * height for _, height in points],
            s=15,
            color=colour[arm.arm],
            alpha=0.75,
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
        axes.text(0.01, y, "no interval", transform=axes.get_yaxis_transform(), color=MUTED, fontsize=8)


def _range(groups: Groups) -> tuple[float, float]:
    every = [float(score) for scores in groups.values() for score in scores]
    low, high = (min(every), max(every)) if every else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _stacks(scores: object, low: float, high: float) -> list[tuple[float, int]]:
    """(score, height in its stack from 1) per participant, lowest score first."""
    seen: Counter[int] = Counter()
    placed = []
    for score in sorted(map(float, scores)):  # type: ignore[call-overload]
        place = round((score - low) / (high - low) * BINS)
        seen[place] += 1
        placed.append((score, seen[place]))
    return placed
