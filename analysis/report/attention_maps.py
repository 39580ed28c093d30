"""Wording of the section on map quality and where people look."""

from analysis.apa_numbers import bounded, interval, number
from analysis.results import Results
from analysis.sections.map_quality.attention import Attention, ComparedMap
from analysis.statistics.estimate import NotEstimable


def sentences(found: Attention | NotEstimable, results: Results) -> list[str]:
    """Return the sentences on the attention maps and on each method against the baseline."""
    if isinstance(found, NotEstimable):
        return [f"Maps and where people look cannot be compared: {found.reason}."]
    methods = [one for one in found.maps if one.kind == "method"]
    return [_basis(found), *map(_method, methods)]


def _basis(found: Attention) -> str:
    untouched = ""
    if found.untouched:
        verb = "trial was" if found.untouched == 1 else "trials were"
        untouched = f" {found.untouched} further {verb} answered without clearing anything."
    return (
        f"{found.participants} participants uncovered {found.images} images in {found.trials} "
        f"trials.{untouched} The reliability of the attention maps is "
        f"{bounded(found.reliability.value)} {interval(found.reliability, 'bounded')}."
    )


def _method(one: ComparedMap) -> str:
    above = one.above["nss"]
    claim = "agree {} with where people look on their own image than on the other images"
    if above.low > 0:
        verdict = f"its maps {claim.format('more')}"
    elif above.high < 0:
        verdict = f"its maps {claim.format('less')}"
    else:
        verdict = f"the data do not tell whether its maps {claim.format('more')}"
    empty = f"; {one.constant} of its maps mark nothing" if one.constant else ""
    return (
        f"{one.label}: {verdict} (difference of NSS {number(above.value)} {interval(above)}, of "
        f"AUC {bounded(one.above['auc'].value)} {interval(one.above['auc'], 'bounded')}, of ρ "
        f"{bounded(one.above['correlation'].value)} "
        f"{interval(one.above['correlation'], 'bounded')}){empty}."
    )
