"""Sentences on preferences between two maps: the test of equal worths, pairs, place and ties."""

from analysis.apa_numbers import interval, number, p_value, percent
from analysis.outcomes.paired_preferences import PairedPreferences, PreferencePair
from analysis.report.sentences import omnibus
from analysis.results import OutcomeResult, Results, arm_is_shown
from analysis.statistics.estimate import Estimate, HypothesisTest


def paired_preferences(result: OutcomeResult, results: Results) -> list[str]:
    """Return the sentences on the methods' worths, on shown pairs, and on the effect of place."""
    found = result.found
    if not isinstance(found, PairedPreferences):
        raise TypeError(f"{result.outcome.key} was not analysed by paired_preferences")
    told = [omnibus(result, results, "cluster-robust ", "methods' worths")]
    if not isinstance(found.test, HypothesisTest):
        return told
    shown = [
        _pair(pair)
        for pair in found.pairs
        if arm_is_shown(pair.p_adjusted, result, results) and isinstance(pair.odds, Estimate)
    ]
    if shown:
        told.append(f"Of the pairs, {'; '.join(shown)} (Holm over the pairs, not the intervals).")
    return [*told, *_first_place(found, results)]


def _pair(pair: PreferencePair) -> str:
    """Return the more preferred method of a pair, with the odds in its favour."""
    odds, p = pair.odds, pair.p_adjusted
    if not isinstance(odds, Estimate) or p is None:
        raise TypeError(f"{pair.method} and {pair.reference} have no odds with a p value")
    direction = "more" if odds.value > 1 else "less"
    return (
        f"maps of “{pair.label}” are preferred {direction} often than maps of "
        f"“{pair.reference_label}”, odds {number(odds.value)}, {percent(odds.level)} CI "
        f"{interval(odds)}, p {p_value(p)}"
    )


def _first_place(found: PairedPreferences, results: Results) -> list[str]:
    place = found.first_place
    if not isinstance(place, Estimate) or place.p is None or place.p >= results.plan.alpha:
        return []
    direction = "raises" if place.value > 1 else "lowers"
    return [
        f"The first place {direction} the odds of being chosen, factor {number(place.value)}, "
        f"{percent(place.level)} CI {interval(place)}, p {p_value(place.p)}; the worths are "
        "adjusted for it."
    ]
