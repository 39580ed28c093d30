"""Mediation in words: which paths' intervals leave out zero, and what that does not show."""

from analysis.apa_numbers import fine, interval
from analysis.results import Results
from analysis.sections.mediation.section import ArmPaths, Mediation
from analysis.statistics.estimate import Estimate, NotEstimable

CAUTION = (
    "Participants were randomised to the arms, not to the mediators: these are associations split "
    "along an order that the plan supposes, and no evidence of a cause."
)


def sentences(found: Mediation | NotEstimable, results: Results) -> list[str]:
    """What was split, the paths that leave out zero, and the caution."""
    if isinstance(found, NotEstimable):
        return [f"Mediation is not estimable: {found.reason}."]
    order = " → ".join(["arm", *found.mediators, found.outcome])
    told = [
        f"{one.label}, through {way(path.through)}: {_value(path.effect)}"
        for one in found.arms
        for path in one.by_path
        if _leaves_out_zero(path.effect)
    ]
    count = _count(found.arms)
    sure = (
        f"Of {count} indirect differences from “{found.control}”, these have an interval that "
        f"leaves out zero, not adjusted for their number: {'; '.join(told)}."
        if told
        else f"Of {count} indirect differences from “{found.control}”, none has an interval that "
        "leaves out zero, though not adjusted for their number."
    )
    return [
        f"Supposed order: {order}. {sure}",
        CAUTION,
    ]


def way(through: tuple[str, ...]) -> str:
    """“Understanding” → “Trust”"""
    return " → ".join(f"“{name}”" for name in through)


def _count(arms: tuple[ArmPaths, ...]) -> int:
    return sum(len(one.by_path) for one in arms)


def _leaves_out_zero(effect: Estimate) -> bool:
    return effect.low > 0 or effect.high < 0


def _value(effect: Estimate) -> str:
    return f"{fine(effect.value)} {interval(effect, 'fine')}"
