"""Figure of page one: all outcomes by arm, as differences from the control."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.apa_numbers import number
from analysis.figures.style import (
    INK,
    MUTED,
    WIDTH,
    broken,
    carry,
    colours,
    note,
    width,
)
from analysis.outcomes.answer import Answer, Difference
from analysis.outcomes.paired_preferences import PairedPreferences
from analysis.results import OutcomeResult, PrintedUnit, Results, printed_unit
from analysis.statistics.estimate import Bound, Estimate

PAGE_WIDTH = 9.4  # inches; the page shows it at its full width
MOST_PANELS = 7  # side by side
NAMES, PANEL = 1.2, 1.1  # inches of the names of rows, and of a panel at least
LETTERS = 8.1  # points, of which a page of two columns shows 6
ROW, TITLE_LINE, FOOT = 0.21, 0.155, 0.42  # inches
TITLE_LENGTH = 118  # characters over all panels of a line
UNITS: dict[PrintedUnit, str] = {
    "none": "difference",
    "points": "points",
    "share": "percentage points",
    "milliseconds": "milliseconds",
    "seconds": "seconds",
    "ratio": "ratio",
    "log": "log units",
    "odds": "odds ratio",
    "chance": "% of pairs, higher",
}


@dataclass(frozen=True)
class Line:
    """Panels that share their rows, which are named once at the left."""

    panels: tuple[OutcomeResult, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """Return the names of the rows."""
        return row_names(_answer(self.panels[0]))


def draw_overview(results: Results) -> Figure:
    """Draw a panel per outcome and a row per comparison, filled if the report claims it.

    Outcomes with the same comparisons share their rows; others start a line of panels. The page
    shows it wider than other figures.
    """
    inches = PAGE_WIDTH if width() == WIDTH else width()
    lines = lines_of(results, min(MOST_PANELS, int((inches - NAMES) / PANEL)))
    columns = max(len(line.panels) for line in lines)
    length = max(12, round(TITLE_LENGTH * inches / PAGE_WIDTH / columns))
    titles = [[broken(one.outcome.label, length) for one in line.panels] for line in lines]
    heights = [
        ROW * len(line.rows) + TITLE_LINE * max(title.count("\n") + 1 for title in names) + FOOT
        for line, names in zip(lines, titles, strict=True)
    ]
    figure = Figure(figsize=(inches, sum(heights) + 0.3), layout="constrained")
    grid = figure.add_gridspec(len(lines), columns, height_ratios=heights)
    colour = colours(results.plan.arms, results.plan.control)
    for place, (line, names) in enumerate(zip(lines, titles, strict=True)):
        for column, (result, title) in enumerate(zip(line.panels, names, strict=True)):
            axes = figure.add_subplot(grid[place, column])
            _panel(axes, result, colour)
            axes.set_title(title, fontsize=LETTERS, color=INK, loc="left")
            named = line.rows if column == 0 else [""] * len(line.rows)
            axes.set_yticks(range(len(line.rows)), named, fontsize=LETTERS)
    note(figure, "filled: difference shown · line: adjusted interval", results.simulated)
    return carry(figure, _data(results))


def lines_of(results: Results, most: int = MOST_PANELS) -> list[Line]:
    """Return the confirmatory outcomes with an answer, grouped by their comparisons.

    A line has at most `most` panels; several lines of the same comparisons are about equally long.
    """
    by_rows: dict[tuple[str, ...], list[OutcomeResult]] = {}
    for result in results.confirmatory or results.exploratory:
        if result.answer is not None:
            by_rows.setdefault(row_names(result.answer), []).append(result)
    lines = []
    for found in by_rows.values():
        count = -(-len(found) // most)
        length = -(-len(found) // count)
        lines += [Line(tuple(found[i : i + length])) for i in range(0, len(found), length)]
    return lines


def row_names(answer: Answer) -> tuple[str, ...]:
    """Return the names of the comparisons, with the reference unless all have the same."""
    if len({one.reference for one in answer.differences}) == 1:
        return tuple(one.label for one in answer.differences)
    return tuple(f"{one.label} − {one.reference}" for one in answer.differences)


def unit_text(result: OutcomeResult) -> str:
    """Return the unit of the axis of an outcome's answer."""
    if isinstance(result.decisive, PairedPreferences):
        return "% of choices"
    return UNITS[printed_unit(result)]


def _answer(result: OutcomeResult) -> Answer:
    if result.answer is None:
        raise ValueError(f"{result.outcome.key} has no answer")
    return result.answer


def _panel(axes: Axes, result: OutcomeResult, colour: dict[str, str]) -> None:
    answer = _answer(result)
    factor = 100 if answer.unit in ("share", "chance") else 1
    if answer.unit in ("ratio", "odds"):
        axes.set_xscale("log")
    smallest = result.outcome.smallest_effect
    if smallest is not None and answer.unit not in ("ratio", "odds", "chance"):
        axes.axvspan(-factor * smallest, factor * smallest, color=MUTED, alpha=0.12, lw=0)
    axes.axvline(factor * answer.null, color=MUTED, linewidth=1)
    shown = {id(one) for one in answer.shown}
    for row, one in enumerate(answer.differences):
        _draw(axes, row, one, factor, colour.get(one.arm, INK), id(one) in shown)
    axes.set_ylim(len(answer.differences) - 0.4, -0.6)
    axes.set_xlabel(unit_text(result), fontsize=LETTERS, color=INK)
    axes.tick_params(axis="x", labelsize=LETTERS)
    axes.tick_params(axis="y", length=0)
    if answer.unit not in ("ratio", "odds"):
        axes.xaxis.set_major_locator(MaxNLocator(3, min_n_ticks=2))
        axes.xaxis.set_major_formatter(FuncFormatter(_tick))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)


def _tick(value: float, _: int) -> str:
    return f"{number(value, 0 if value == round(value) else 1)}"


def _draw(axes: Axes, row: int, one: Difference, factor: float, colour: str, shown: bool) -> None:
    estimate = one.estimate
    if isinstance(estimate, Bound):
        axes.plot([estimate.limit], [row], marker=">" if estimate.value == "infinite" else "<",
                  color=colour, markersize=5)  # fmt: skip
        return
    if not isinstance(estimate, Estimate):
        inside = axes.get_yaxis_transform()
        axes.text(
            0.02, row, "not estimable", transform=inside, color=MUTED, va="center", size=LETTERS
        )
        return
    ends = [factor * estimate.low, factor * estimate.high]
    axes.plot(ends, [row, row], color=colour, linewidth=1.6)
    axes.plot(
        [factor * estimate.value], [row], marker="o", markersize=5.5, markeredgecolor=colour,
        markeredgewidth=1.5, markerfacecolor=colour if shown else "white",
    )  # fmt: skip


def _data(results: Results) -> pd.DataFrame:
    """Return a row per outcome and comparison, in the unit of the outcome."""
    rows: Sequence[tuple[OutcomeResult, Answer, Difference]] = [
        (result, _answer(result), one)
        for line in lines_of(results)
        for result in line.panels
        for one in _answer(result).differences
    ]
    return pd.DataFrame(
        {
            "outcome": [result.outcome.key for result, _, _ in rows],
            "outcome_label": [result.outcome.label for result, _, _ in rows],
            "unit": [answer.unit for _, answer, _ in rows],
            "arm": [one.arm for _, _, one in rows],
            "label": [one.label for _, _, one in rows],
            "reference": [one.reference for _, _, one in rows],
            **{
                name: [getattr(one.estimate, name, None) for _, _, one in rows]
                for name in ("value", "low", "high", "level")
            },
            "interval_adjusted_by": [answer.adjusted_by for _, answer, _ in rows],
            "p_adjusted": [one.p_adjusted for _, _, one in rows],
            "certainty": [one.certainty for _, _, one in rows],
        }
    )
