"""Wording of the section on map quality and participants' outcomes."""

from analysis.apa_numbers import bounded, interval, number
from analysis.results import Results
from analysis.sections.map_quality.agreement_by_map import Following
from analysis.sections.map_quality.section import MapQuality, Quality
from analysis.statistics.estimate import Estimate, NotEstimable

SIDES = {"higher": "higher is better", "lower": "lower is better", "neither": "neither is better"}


def sentences(found: MapQuality | NotEstimable, results: Results) -> list[str]:
    """Return the sentences on the order of methods and on single maps, with their limits."""
    if isinstance(found, NotEstimable):
        return [f"Map quality and outcomes cannot be compared: {found.reason}."]
    return [_order(found), *(_following(result, found) for result in found.following)]


def heading(quality: Quality) -> str:
    """Return a heading such as "Insertion, blur (higher is better)"."""
    return f"{quality.label} ({SIDES[quality.better]})"


def _order(found: MapQuality) -> str:
    labels = {entry.measure: entry.label for entry in found.qualities}
    # Only correlations whose interval excludes zero are listed, because the order is uncertain.
    clear = [
        f"{labels[entry.measure]} with {found.outcomes[entry.outcome]}, "
        f"ρ = {bounded(entry.rho.value)} {interval(entry.rho, 'bounded')}"
        for entry in found.together
        if isinstance(entry.rho, Estimate) and (entry.rho.low > 0 or entry.rho.high < 0)
    ]
    estimated = sum(isinstance(entry.rho, Estimate) for entry in found.together)
    listed = "; ".join(clear)
    rank = (
        f"the rank correlation differs clearly from zero for {listed}"
        if listed
        else "no rank correlation differs clearly from zero"
    )
    return (
        f"Of {estimated} pairs of a measure and an outcome over {len(found.methods)} methods, "
        f"{rank}. Methods differ in many respects other than these measures."
    )


def _following(result: Following, found: MapQuality) -> str:
    label = next(quality.label for quality in found.qualities if quality.measure == result.measure)
    if isinstance(result.odds_ratio, NotEstimable):
        return f"{label}, by map: not estimable: {result.odds_ratio.reason}."
    ratio = result.odds_ratio
    way = "more" if ratio.low > 1 else "less" if ratio.high < 1 else "not clearly more or less"
    return (
        f"{label}, by map: predictions are accepted {way} often with better maps, odds "
        f"ratio {number(ratio.value)} {interval(ratio)} per SD, {result.trials} trials, "
        f"{result.participants} participants, {result.images} images."
    )
