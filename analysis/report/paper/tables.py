"""Tables of a paper: scores by arm and level, tests of the outcomes, and differences of arms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.apa_numbers import (
    bounded,
    degrees,
    interval,
    number,
    p_cell,
    percent,
)
from analysis.outcomes.answer import Answer, Difference
from analysis.outcomes.by_level import ByLevel, LevelContrast
from analysis.report.level_sentences import level_cell, level_rows
from analysis.results import OutcomeResult, PrintedUnit, Results, printed_unit
from analysis.statistics.descriptives import ArmSummary
from analysis.statistics.estimate import Bound, Estimate, HypothesisTest
from analysis.study_data.rows_in_words import factor_words

NONE = "–"
UNITS: dict[PrintedUnit, str] = {
    "none": NONE,
    "points": "points",
    "share": "share",
    "milliseconds": "ms",
    "seconds": "s",
    "ratio": "ratio",
    "log": "log(1 + value)",
    "odds": "odds ratio",
    "chance": "probability",
}


@dataclass(frozen=True)
class PaperTable:
    """A table with its title, its note, and its cells as text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def paper_tables(results: Results) -> list[PaperTable]:
    """Return the tables that have rows."""
    tables = (
        _scores(results),
        _tests(results),
        _differences(results),
        *(
            table
            for result in results.outcomes
            if result.by_level is not None
            for table in _by_level(result, result.by_level, results)
        ),
    )
    return [table for table in tables if table.rows]


def _scores(results: Results) -> PaperTable:
    """Return mean and standard deviation of each outcome that has scores, by arm."""
    arms = results.plan.arms
    rows = []
    for result in results.outcomes:
        by_arm = {
            arm.arm: arm
            for arm in getattr(result.decisive, "arms", ())
            if isinstance(arm, ArmSummary)
        }
        if by_arm and by_arm.keys() <= set(arms):
            rows.append((result.outcome.label, *(_mean(by_arm.get(arm)) for arm in arms)))
    return PaperTable(
        "Means and Standard Deviations of the Outcomes, by Arm",
        ("Outcome", *(results.labels[arm] for arm in arms)),
        tuple(rows),
        "M (SD), and the number of participants after n =.",
    )


def _mean(arm: ArmSummary | None) -> str:
    if arm is None or not isinstance(arm.mean, Estimate) or arm.sd is None:
        return NONE
    return f"{number(arm.mean.value)} ({number(arm.sd)}), n = {arm.n}"


def _tests(results: Results) -> PaperTable:
    rows = tuple(_test(result) for result in results.outcomes)
    return PaperTable(
        "Tests of the Outcomes",
        ("Outcome", "n", "Statistic", "df", "p", "Adjusted p", "Effect size"),
        rows,
        "Adjusted p: over the outcomes of a family by Holm's method, and over the exploratory "
        "outcomes by Benjamini and Hochberg's. n: participants. Effect sizes have intervals of "
        f"{percent(1 - 2 * results.plan.alpha)}, which correspond to a one-sided test.",
    )


def _test(result: OutcomeResult) -> tuple[str, ...]:
    test, summary = result.test, result.summary
    label, people = result.outcome.label, str(summary.participants)
    if not isinstance(test, HypothesisTest):
        return label, people, "not estimable", NONE, NONE, NONE, NONE
    adjusted = p_cell(result.p_adjusted) if result.p_adjusted is not None else NONE
    effect = NONE
    if isinstance(summary.effect, Estimate):
        shown = bounded(max(summary.effect.value, 0.0))
        effect = f"{summary.effect_symbol} = {shown} {interval(summary.effect, 'bounded')}"
    return (
        label,
        people,
        f"{test.symbol} = {number(test.statistic)}",
        ", ".join(degrees(value) for value in test.df) or NONE,
        p_cell(test.p),
        adjusted,
        effect,
    )


def _differences(results: Results) -> PaperTable:
    rows = [
        row
        for result in results.confirmatory
        if result.answer is not None
        for row in _rows_of(result, result.answer)
    ]
    return PaperTable(
        "Differences That Answer the Outcomes",
        ("Outcome", "Comparison", "Unit", "Difference", "Interval", "Adjusted p"),
        tuple(rows),
        f"Intervals of {percent(results.plan.level)}, adjusted over the comparisons of an outcome "
        f"({_methods(results)}); ratios, odds ratios and probabilities are not differences.",
    )


def _by_level(
    result: OutcomeResult, by_level: ByLevel, results: Results
) -> tuple[PaperTable, PaperTable]:
    """Return the means of the arms at each level, and the arms' differences from the control."""
    factor, control = factor_words(by_level.factor).capitalize(), results.plan.control
    rows = level_rows(by_level)
    means = PaperTable(
        f"{result.outcome.label}: Means and Standard Deviations by Arm and {factor}",
        (factor, *(cell.label for cell in rows[0][1])),
        tuple(
            (level, *(f"{level_cell(cell)}, n = {cell.n}" for cell in cells))
            for level, cells in rows
        ),
        "M (SD), and the number of participants after n =.",
    )
    differences = PaperTable(
        f"{result.outcome.label}: Differences Between Arms by {factor}",
        (factor, "Comparison", "Difference", "Interval", "t", "df", "p", "Adjusted p"),
        tuple(
            (one.level, f"{one.label} – {results.labels[control]}", *_cells(one))
            for one in by_level.contrasts
        ),
        f"Exploratory. Welch's t tests with intervals of {percent(results.plan.level)}, which are "
        f"not adjusted. Adjusted p: Holm over the {len(by_level.contrasts)} comparisons.",
    )
    return means, differences


def _cells(one: LevelContrast) -> tuple[str, ...]:
    estimate = one.difference
    if not isinstance(estimate, Estimate) or estimate.statistic is None or estimate.df is None:
        return "not estimable", NONE, NONE, NONE, NONE, NONE
    return (
        number(estimate.value),
        interval(estimate),
        number(estimate.statistic),
        degrees(estimate.df),
        *(p_cell(p) if p is not None else NONE for p in (estimate.p, one.p_adjusted)),
    )


def _rows_of(result: OutcomeResult, answer: Answer) -> Iterator[tuple[str, ...]]:
    for one in answer.differences:
        yield (
            result.outcome.label,
            f"{one.label} – {one.reference}",
            UNITS[printed_unit(result)],
            *_value(one),
            p_cell(one.p_adjusted) if one.p_adjusted is not None else NONE,
        )


def _value(one: Difference) -> tuple[str, str]:
    estimate = one.estimate
    if isinstance(estimate, Estimate):
        return number(estimate.value), interval(estimate)
    if isinstance(estimate, Bound):
        return "a bound alone", NONE
    return "not estimable", NONE


def _methods(results: Results) -> str:
    used = {one.answer.adjusted_by for one in results.confirmatory if one.answer is not None}
    named: Sequence[str] = sorted(used - {"none"})
    return ", ".join(named) if named else "no outcome has more than one comparison"
