"""Figures of preferences between two maps: the methods' worths, and every pair."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.forest import Forest, Row, draw_forest, filled_note
from analysis.figures.one_way import Drawings
from analysis.figures.style import INK, MUTED, carry, colours, note, on_an_axis, rows
from analysis.outcomes.paired_preferences import MethodWorth, PairedPreferences
from analysis.results import OutcomeResult, Results, arm_is_shown
from analysis.statistics.estimate import Estimate, HypothesisTest


def drawings(result: OutcomeResult, results: Results, scores: pd.DataFrame) -> Drawings:
    """Return worths-<outcome> and contrasts-<outcome>, or nothing if there are no worths."""
    found, outcome = result.found, result.outcome
    if not isinstance(found, PairedPreferences):
        raise TypeError(f"{outcome.key} was not analysed by paired_preferences")
    if not isinstance(found.test, HypothesisTest):
        return {}
    entries, kind = pairs_of(result, results)
    names = [entry.arm for entry in entries]
    return {
        f"worths-{outcome.key}": lambda: draw_worths(
            found.worths, outcome.label, results.simulated
        ),
        # No pair is a control, whose colour is grey.
        f"contrasts-{outcome.key}": lambda: draw_forest(
            entries, kind, names, "", results.simulated
        ),
    }


def pairs_of(result: OutcomeResult, results: Results) -> tuple[list[Row], Forest]:
    """Return a row for each pair of methods, with the odds for the first of the two."""
    found = result.found
    pairs = found.pairs if isinstance(found, PairedPreferences) else ()
    entries = []
    for pair in pairs:
        name = f"{pair.label} against {pair.reference_label}"
        shown = arm_is_shown(pair.p_adjusted, result, results)
        entries.append(Row(name, name, pair.odds, pair.p_adjusted, shown))
    note_of_marks = (
        f"line: interval, not adjusted over the pairs · {filled_note(results.plan.alpha, 'pair')}"
    )
    return entries, Forest("Odds of being preferred to the other", note_of_marks, ratio=True)


def draw_worths(worths: tuple[MethodWorth, ...], label: str, simulated: bool) -> Figure:
    """Draw a row per method, the most preferred on top, with its worth and interval."""
    known = sorted(
        ((one, one.worth) for one in worths if isinstance(one.worth, Estimate)),
        key=lambda entry: -entry[1].value,
    )
    figure, axes = rows([one.label for one, _ in known], row_height=0.44)
    axes.axvline(1 / len(worths), color=MUTED, linewidth=1)
    colour = colours([one.method for one in worths], "")
    for place, (one, worth) in enumerate(known):
        axes.plot([worth.low, worth.high], [place, place], color=INK, linewidth=1.6)
        axes.plot([worth.value], [place], marker="D", markersize=7, color=colour[one.method])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(on_an_axis(f"{label}: worth"))
    note(figure, "diamond and line: worth, interval · worths sum to 1", simulated)
    columns = ["method", "label", "won", "neither", "lost", "value", "low", "high"]
    table = [
        (one.method, one.label, one.won, one.tied, one.lost, worth.value, worth.low, worth.high)
        for one, worth in known
    ]
    return carry(figure, pd.DataFrame(table, columns=columns))
