"""Sentences on map quality and participants' outcomes."""

from analysis.apa_numbers import bounded, interval, number
from analysis.results import Results
from analysis.sections.map_quality.agreement_by_map import Following
from analysis.sections.map_quality.section import MapQuality, Quality
from analysis.statistics.estimate import Estimate, NotEstimable

SIDES = {"higher": "higher is better", "lower": "lower is better", "neither": "neither is better"}


def sentences(found: MapQuality | NotEstimable, results: Results) -> list[str]:
    """Order of methods, then map by map; each with what it does not show."""
    if isinstance(found, NotEstimable):
        return [f"Nothing can be said: {found.reason}."]
    return [_order(found), *(_following(one, found) for one in found.following)]


def heading(quality: Quality) -> str:
    """Insertion, blur (higher is better)"""
    return f"{quality.label} ({SIDES[quality.better]})"


def _order(found: MapQuality) -> str:
    labels = {one.measure: one.label for one in found.qualities}
    sure = [
        f"{labels[one.measure]} with {found.outcomes[one.outcome]}, "
        f"ρ = {bounded(one.rho.value)} {interval(one.rho, 'bounded')}"
        for one in found.together
        if isinstance(one.rho, Estimate) and (one.rho.low > 0 or one.rho.high < 0)
    ]
    estimated = sum(isinstance(one.rho, Estimate) for one in found.together)
    told = "; ".join(sure) or "none has an order that is sure"
    return (
        f"Of {estimated} pairs of a measure and an outcome over {len(found.methods)} methods: "
        f"{told}. Methods differ in much beside these measures."
    )


def _following(one: Following, found: MapQuality) -> str:
    label = next(quality.label for quality in found.qualities if quality.measure == one.measure)
    if isinstance(one.odds_ratio, NotEstimable):
        return f"{label}, map by map: not estimable, {one.odds_ratio.reason}."
    ratio = one.odds_ratio
    way = "more" if ratio.low > 1 else "less" if ratio.high < 1 else "not clearly more or less"
    return (
        f"{label}, map by map: predictions are accepted {way} often where the map is better, odds "
        f"ratio {number(ratio.value)} {interval(ratio)} for one SD, {one.trials} trials, "
        f"{one.participants} participants, {one.images} images."
    )
