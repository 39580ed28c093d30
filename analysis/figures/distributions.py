"""Raincloud figures: every score of each arm, and the mean with its interval."""

from collections import Counter

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from analysis.figures.style import INK, MUTED, SMALL, carry, colours, note, on_an_axis, rows
from analysis.statistics.descriptives import ArmSummary
from analysis.statistics.estimate import Estimate, Groups, Scores
from analysis.statistics.requirements import is_constant
from analysis.study_data.score_range import UNKNOWN, Range

ROW = 0.52  # inches
BINS = 60  # bins across the axis; scores within a bin are stacked
TALLEST = 5  # dots in a stack before another stack starts next to it
STEP = 0.066  # distance between dots as a share of the row's height
FEWEST = 5  # smallest number of scores for which a density is drawn
BANDWIDTHS = 3  # of a cloud beyond the outermost scores, as far as the scale goes
CLOUD = 0.42  # height of the highest cloud as a share of the row's height


def draw_distributions(
    arms: tuple[ArmSummary, ...],
    groups: Groups,
    control: str,
    label: str,
    simulated: bool,
    ends: Range = UNKNOWN,
) -> Figure:
    """Draw one row per arm: density above, mean and interval on the line, a dot per score below.

    `ends` are the lowest and the highest possible score.
    """
    figure, axes = rows([f"{arm.label}\nn = {arm.n}" for arm in arms], row_height=ROW)
    colour = colours([arm.arm for arm in arms], control)
    ends = _respected(ends, groups)
    low, high = _range(groups, ends)
    grid = np.linspace(low, high, 200)
    clouds = {arm.arm: density(groups[arm.arm], grid, ends) for arm in arms}
    # All clouds share a scale, so that equal heights mean equal densities.
    highest = max(
        (float(values.max()) for values in clouds.values() if values is not None),
        default=1.0,
    )
    for row, arm in enumerate(arms):
        cloud = clouds[arm.arm]
        if cloud is not None:
            top = row - 0.05 - CLOUD * cloud / highest
            axes.fill_between(grid, row - 0.05, top, color=colour[arm.arm], alpha=0.35, linewidth=0)
        points = _stacks(groups[arm.arm], low, high)
        axes.scatter(
            [x for x, _ in points],
            [row + 0.07 + STEP * height for _, height in points],
            s=5,
            color=colour[arm.arm],
            linewidths=0,
        )
        _mean(axes, arm, row + 0.02)
    axes.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    axes.set_ylim(len(arms) - 0.45, -0.62)
    axes.set_xlabel(on_an_axis(label))
    note(
        figure, "cloud: density · diamond and line: mean, interval · dot: a participant", simulated
    )
    return carry(figure, _data(arms, groups))


def density(
    scores: Scores, grid: npt.NDArray[np.float64], ends: Range = UNKNOWN
) -> npt.NDArray[np.float64] | None:
    """Return a Gaussian kernel density on the grid (Scott's bandwidth), reflected at the ends.

    Where the scale has an end, no score lies beyond it, so that part of the kernel is reflected
    back; the lowest and the highest score that occurred are not such ends. None for few or equal
    scores.
    """
    if not _has_cloud(scores):
        return None
    kernel = stats.gaussian_kde(scores)
    found = kernel(grid)
    for end in ends:
        if end is not None:
            found = found + kernel(2 * end - grid)
    return np.asarray(found, dtype=float)


def _has_cloud(scores: Scores) -> bool:
    return len(scores) >= FEWEST and not is_constant(scores)


def _respected(ends: Range, groups: Groups) -> Range:
    """Return the ends, without an end that a score lies beyond: it is not the end of the scale."""
    every = [float(score) for scores in groups.values() for score in scores]
    low, high = ends
    return (
        None if low is None or min(every, default=low) < low else low,
        None if high is None or max(every, default=high) > high else high,
    )


def _data(arms: tuple[ArmSummary, ...], groups: Groups) -> pd.DataFrame:
    """Return a long table whose column "what" is "score", "mean", "low" or "high"."""
    rows = []
    for arm in arms:
        rows += [(arm.arm, arm.label, "score", float(score)) for score in sorted(groups[arm.arm])]
        if isinstance(arm.mean, Estimate):
            ends = (("mean", arm.mean.value), ("low", arm.mean.low), ("high", arm.mean.high))
            rows += [(arm.arm, arm.label, what, value) for what, value in ends]
    return pd.DataFrame(rows, columns=["arm", "label", "what", "value"])


def _mean(axes: Axes, arm: ArmSummary, y: float) -> None:
    if isinstance(arm.mean, Estimate):
        axes.plot([arm.mean.low, arm.mean.high], [y, y], color=INK, linewidth=1.8)
        axes.plot([arm.mean.value], [y], marker="D", markersize=4.5, color=INK)
    else:
        inside = axes.get_yaxis_transform()
        axes.text(0.01, y, "no interval", transform=inside, color=MUTED, fontsize=SMALL)


def _range(groups: Groups, ends: Range) -> tuple[float, float]:
    """Return the range of the axis, which leaves room for the clouds up to the scale's ends."""
    every = [float(score) for scores in groups.values() for score in scores]
    low, high = (min(every), max(every)) if every else (0.0, 1.0)
    widths = [_bandwidth(scores) for scores in groups.values() if _has_cloud(scores)]
    room = BANDWIDTHS * max(widths, default=0.0)
    low, high = low - room, high + room
    low = low if ends[0] is None else max(low, ends[0])
    high = high if ends[1] is None else min(high, ends[1])
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _bandwidth(scores: Scores) -> float:
    return float(np.sqrt(stats.gaussian_kde(scores).covariance[0, 0]))


def _stacks(scores: Scores, low: float, high: float) -> list[tuple[float, int]]:
    """Return (position on the axis, height in its stack from 1) per participant, lowest first.

    A full stack continues one bin to the right, then one bin to the left, and so on.
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
