"""Figures of times and conditions within participants, and of means adjusted for covariates."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.forest import Forest, Row, draw_forest, filled_note
from analysis.figures.layout import give_room
from analysis.figures.one_way import Drawings
from analysis.figures.style import (
    INK,
    MUTED,
    SMALL,
    broken,
    carry,
    colours,
    note,
    on_an_axis,
    rows,
    width,
)
from analysis.outcomes.ancova import Ancova
from analysis.outcomes.factorial_within import FactorialWithin
from analysis.outcomes.mixed_anova import CellMean, MixedAnova
from analysis.outcomes.paired import Paired
from analysis.outcomes.permutation import Permuted
from analysis.outcomes.repeated import Repeated
from analysis.results import OutcomeResult, Results, arm_is_shown
from analysis.statistics.estimate import Estimate, NotEstimable

MARKS = ("o", "s", "^", "D", "v", "P", "X")
HEIGHT = 2.6  # inches of the axes with the means by time
SPREAD = 0.3  # of the distance between two times, over which the arms are spread


def difference_drawings(result: OutcomeResult, results: Results, scores: pd.DataFrame) -> Drawings:
    """Return contrasts-<outcome>: the differences between times or conditions."""
    entries = differences(result, results)
    if not entries:
        return {}
    key = result.outcome.key
    kind = Forest(
        f"Difference within participants: {result.outcome.label}",
        f"line: interval, not adjusted over the pairs · {filled_note(results.plan.alpha, 'pair')}",
        smallest_effect=result.outcome.smallest_effect,
    )
    names = [entry.arm for entry in entries]
    # No pair is a control, whose colour is grey.
    return {
        f"contrasts-{key}": lambda: draw_forest(entries, kind, names, "", results.simulated),
    }


def compares_conditions(result: OutcomeResult) -> bool:
    """Return whether the outcome's test compares times or conditions within participants."""
    found = result.decisive
    return isinstance(found, Paired | Repeated) or (isinstance(found, Permuted) and found.within)


def differences(result: OutcomeResult, results: Results) -> list[Row]:
    """Return a row for each pair of times or conditions, the later minus the earlier."""
    found = result.decisive
    if isinstance(found, Paired):
        if len(found.arms) != 2:
            return []
        pairs = [(found.arms[1].label, found.arms[0].label, found.difference, _p(found))]
    elif isinstance(found, Repeated):
        pairs = [
            (pair.condition, pair.reference, pair.difference, pair.p_adjusted)
            for pair in found.pairs
        ]
    elif isinstance(found, Permuted) and found.within:
        pairs = [
            (pair.label, pair.reference, pair.difference, pair.p_adjusted)
            for pair in found.contrasts
        ]
    else:  # a failed fallback, or one between arms, which has its own tables
        return []
    return [
        Row(
            f"{later} − {earlier}",
            f"{later} − {earlier}",
            difference,
            p,
            arm_is_shown(p, result, results),
        )
        for later, earlier, difference, p in pairs
    ]


def _p(found: Paired) -> float | None:
    return found.difference.p if isinstance(found.difference, Estimate) else None


def mean_drawings(result: OutcomeResult, results: Results, scores: pd.DataFrame) -> Drawings:
    """Return scores-<outcome>, the means by arm and time, and contrasts-<outcome>, the changes."""
    found, outcome = result.found, result.outcome
    if not isinstance(found, MixedAnova):
        raise TypeError(f"{outcome.key} was not analysed by mixed_anova")
    drawings: Drawings = {
        f"scores-{outcome.key}": lambda: draw_means(
            found.cells,
            found.times,
            colours(results.plan.arms, results.plan.control),
            outcome.label,
            results.simulated,
        )
    }
    several = len(found.times) > 2
    entries = [
        Row(
            contrast.arm,
            f"{contrast.label}\n{contrast.reference} → {contrast.time}"
            if several
            else contrast.label,
            contrast.difference,
            contrast.p_adjusted,
            arm_is_shown(contrast.p_adjusted, result, results),
        )
        for contrast in found.contrasts
    ]
    return drawings | _against_control(entries, "Difference of changes", result, results)


def cell_drawings(result: OutcomeResult, results: Results, scores: pd.DataFrame) -> Drawings:
    """Return scores-<outcome>, the means of the cells of two factors."""
    found, outcome = result.found, result.outcome
    if not isinstance(found, FactorialWithin):
        raise TypeError(f"{outcome.key} was not analysed by factorial_within")
    pairs = list(zip(found.cells, found.arms, strict=True))
    if not pairs:
        return {}
    first, second = (list(dict.fromkeys(cell[place] for cell, _ in pairs)) for place in (0, 1))
    means = [CellMean(a, a, b, summary.n, summary.mean) for (a, b), summary in pairs]
    return {
        f"scores-{outcome.key}": lambda: draw_means(
            means, second, colours(first, first[0]), outcome.label, results.simulated
        )
    }


def adjusted_drawings(result: OutcomeResult, results: Results, scores: pd.DataFrame) -> Drawings:
    """Return scores-<outcome>, the adjusted means, and contrasts-<outcome>, their differences."""
    found, outcome = result.found, result.outcome
    if not isinstance(found, Ancova):
        raise TypeError(f"{outcome.key} was not analysed by ancova")
    means = [(mean.arm, mean.label, mean.mean) for mean in found.adjusted]
    colour = colours(results.plan.arms, results.plan.control)
    drawings: Drawings = {
        f"scores-{outcome.key}": lambda: draw_adjusted(
            means, colour, f"{outcome.label}, adjusted mean", results.simulated
        )
    }
    entries = [
        Row(
            contrast.arm,
            contrast.label,
            contrast.difference,
            contrast.p_adjusted,
            arm_is_shown(contrast.p_adjusted, result, results),
        )
        for contrast in found.contrasts
    ]
    effect = "Difference of adjusted means"
    return drawings | _against_control(entries, effect, result, results, outcome.smallest_effect)


def _against_control(
    entries: list[Row],
    effect: str,
    result: OutcomeResult,
    results: Results,
    smallest_effect: float | None = None,
) -> Drawings:
    plan = results.plan
    kind = Forest(
        f"{effect}: arm minus “{results.labels[plan.control]}”",
        f"line: interval, not adjusted over the arms · {filled_note(plan.alpha)}",
        smallest_effect=smallest_effect,
    )
    return {
        f"contrasts-{result.outcome.key}": lambda: draw_forest(
            entries, kind, plan.arms, plan.control, results.simulated
        )
    }


def draw_adjusted(
    means: Sequence[tuple[str, str, Estimate | NotEstimable]],
    colour: Mapping[str, str],
    label: str,
    simulated: bool,
) -> Figure:
    """Draw a row per arm: (arm, label, adjusted mean) with its interval."""
    figure, axes = rows([name for _, name, _ in means], row_height=0.44)
    for place, (arm, _, mean) in enumerate(means):
        if isinstance(mean, NotEstimable):
            inside = axes.get_yaxis_transform()
            axes.text(
                0.01, place, "not estimable", transform=inside, color=MUTED, va="center", size=SMALL
            )
            continue
        axes.plot([mean.low, mean.high], [place, place], color=INK, linewidth=1.6)
        axes.plot([mean.value], [place], marker="D", markersize=7, color=colour[arm])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(on_an_axis(label))
    note(figure, "diamond and line: mean at the covariates' means, interval", simulated)
    return carry(figure, _table([(arm, name, "", mean) for arm, name, mean in means]))


def draw_means(
    cells: Sequence[CellMean],
    times: Sequence[str],
    colour: Mapping[str, str],
    label: str,
    simulated: bool,
) -> Figure:
    """Draw the means with intervals over the times, a line and a mark per arm."""
    figure = Figure(figsize=(width(), HEIGHT + 1.2), layout="constrained")
    axes = figure.add_subplot()
    give_room(axes, HEIGHT)
    arms = list(dict.fromkeys(cell.arm for cell in cells))
    for number, arm in enumerate(arms):
        own = [cell for cell in cells if cell.arm == arm]
        # The arms are spread around each time, so that intervals do not cover one another.
        shift = SPREAD * ((number + 0.5) / len(arms) - 0.5)
        known = [
            (times.index(cell.time) + shift, cell.mean)
            for cell in own
            if isinstance(cell.mean, Estimate)
        ]
        for place, mean in known:
            axes.plot([place, place], [mean.low, mean.high], color=colour[arm], linewidth=1.6)
        axes.plot(
            [place for place, _ in known],
            [mean.value for _, mean in known],
            marker=MARKS[number % len(MARKS)],
            markersize=6,
            color=colour[arm],
            linewidth=1,
            label=broken(own[0].label, 30),
        )
    axes.set_xticks(range(len(times)), [broken(time) for time in times])
    axes.set_xlim(-0.5, len(times) - 0.5)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.set_ylabel(on_an_axis(label))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    figure.legend(loc="outside upper left", ncols=2, frameon=False, fontsize=SMALL)
    note(
        figure, "mark and line: mean of the participants with all measurements, interval", simulated
    )
    return carry(figure, _table([(cell.arm, cell.label, cell.time, cell.mean) for cell in cells]))


def _table(means: Sequence[tuple[str, str, str, Estimate | NotEstimable]]) -> pd.DataFrame:
    """Return the data shown, with empty cells where there is no estimate."""
    return pd.DataFrame(
        [
            (arm, label, time, *(getattr(mean, name, None) for name in ("value", "low", "high")))
            for arm, label, time, mean in means
        ],
        columns=["arm", "label", "time", "value", "low", "high"],
    )
