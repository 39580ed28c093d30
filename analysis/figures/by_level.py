"""Figures of the arms at each level of a factor within participants (outcomes.by_level)."""

from dataclasses import replace

import pandas as pd

from analysis.figures.levels import draw_differences, draw_means, point_of_scores
from analysis.figures.one_way import Drawings, scores_drawing
from analysis.figures.style import colours
from analysis.outcomes.factorial import Factorial
from analysis.results import OutcomeResult, Results
from analysis.statistics.estimate import NotEstimable
from analysis.study_data.rows_in_words import factor_words

FEWEST_LEVELS = 3  # whose differences have a figure; the table shows two as well


def drawings_by_level(result: OutcomeResult, results: Results) -> Drawings:
    """Return levels-<outcome>, the means of the arms by level, and their differences."""
    return {**_means_by_level(result, results), **differences_by_level(result, results)}


def _means_by_level(result: OutcomeResult, results: Results) -> Drawings:
    by_level, outcome, plan = result.by_level, result.outcome, results.plan
    if by_level is None:
        return {}
    points = [point for one in by_level.scores for point in point_of_scores(one.level, one.scores)]
    arms = (plan.control, *(arm for arm in plan.arms_of(outcome) if arm != plan.control))
    ordered = sorted(points, key=lambda point: arms.index(point.arm))
    return {
        f"levels-{outcome.key}": lambda: draw_means(
            ordered, by_level.levels, colours(plan.arms, plan.control), outcome.label,
            results.simulated, factor=factor_words(by_level.factor), what="mean over participants",
        )
    }  # fmt: skip


def differences_by_level(result: OutcomeResult, results: Results) -> Drawings:
    """Return level-contrasts-<outcome>: each arm minus the control at each level."""
    by_level, outcome, plan = result.by_level, result.outcome, results.plan
    if by_level is None or len(by_level.levels) < FEWEST_LEVELS:
        return {}
    return {
        f"level-contrasts-{outcome.key}": lambda: draw_differences(
            by_level.contrasts,
            by_level.levels,
            plan.arms,
            (plan.control, results.labels[plan.control]),
            alpha=plan.alpha,
            factor=factor_words(by_level.factor),
            simulated=results.simulated,
            smallest_effect=outcome.smallest_effect,
        )
    }


def factorial_drawings(result: OutcomeResult, results: Results, scores: pd.DataFrame) -> Drawings:
    """Return scores-<outcome>, and levels-<outcome>: the means of the cells of two factors."""
    found, plan = result.found, results.plan
    drawings = scores_drawing(result, results, scores)
    if not isinstance(found, Factorial) or isinstance(found.simple_effects, NotEstimable):
        return drawings
    first, second = (
        list(
            dict.fromkeys(
                level
                for one in found.simple_effects
                if one.factor == factor
                for level in (one.reference, one.level)
            )
        )
        for factor in ("a", "b")
    )
    of_arms = found.factors[0] == "arm"
    cells = {cell.arm: cell for cell in found.cell_scores}
    points = [
        replace(point, arm=a, label=results.labels.get(a, a) if of_arms else a)
        for a in first
        for b in second
        for point in point_of_scores(b, cells[f"{a} × {b}"])
    ]
    colour = colours(plan.arms, plan.control) if of_arms else colours(first, first[0])
    return drawings | {
        f"levels-{result.outcome.key}": lambda: draw_means(
            points, second, colour, result.outcome.label, results.simulated,
            factor=factor_words(found.factors[1]), what="mean of the participants in the cell",
        )
    }  # fmt: skip
