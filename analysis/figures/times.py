"""Figures of times and conditions within participants, and of means adjusted for covariates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.by_level import differences_by_level
from analysis.figures.forest import Forest, Row, draw_forest, filled_note
from analysis.figures.levels import draw_means, point_of, point_of_scores
from analysis.figures.one_way import Drawings
from analysis.figures.style import (
    INK,
    MUTED,
    SMALL,
    carry,
    colours,
    note,
    on_an_axis,
    rows,
)
from analysis.outcomes.ancova import Ancova
from analysis.outcomes.factorial_within import FactorialWithin
from analysis.outcomes.mixed_anova import MixedAnova
from analysis.outcomes.paired import Paired
from analysis.outcomes.permutation import Permuted
from analysis.outcomes.repeated import Repeated
from analysis.results import OutcomeResult, Results, arm_is_shown
from analysis.statistics.estimate import Estimate, NotEstimable


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
            [
                point
                for cell in found.cells
                for point in point_of(cell.arm, cell.label, cell.time, cell.mean)
            ],
            found.times,
            colours(results.plan.arms, results.plan.control),
            outcome.label,
            results.simulated,
            column="time",
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
    changes = _against_control(entries, "Difference of changes", result, results)
    return drawings | changes | differences_by_level(result, results)


def cell_drawings(result: OutcomeResult, results: Results, scores: pd.DataFrame) -> Drawings:
    """Return scores-<outcome>, the means of the cells of two factors."""
    found, outcome = result.found, result.outcome
    if not isinstance(found, FactorialWithin):
        raise TypeError(f"{outcome.key} was not analysed by factorial_within")
    pairs = list(zip(found.cells, found.arms, strict=True))
    if not pairs:
        return {}
    first, second = (list(dict.fromkeys(cell[place] for cell, _ in pairs)) for place in (0, 1))
    points = [
        replace(point, arm=a, label=a)
        for (a, b), cell in pairs
        for point in point_of_scores(b, cell)
    ]
    return {
        f"scores-{outcome.key}": lambda: draw_means(
            points,
            second,
            colours(first, first[0]),
            outcome.label,
            results.simulated,
            column="time",
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


def _table(means: Sequence[tuple[str, str, str, Estimate | NotEstimable]]) -> pd.DataFrame:
    """Return the data shown, with empty cells where there is no estimate."""
    return pd.DataFrame(
        [
            (arm, label, time, *(getattr(mean, name, None) for name in ("value", "low", "high")))
            for arm, label, time, mean in means
        ],
        columns=["arm", "label", "time", "value", "low", "high"],
    )
