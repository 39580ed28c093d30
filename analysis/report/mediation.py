"""Wording of the mediation analysis: the paths whose intervals exclude zero, and a caution."""

from analysis.apa_numbers import fine, interval
from analysis.results import Results
from analysis.sections.mediation import ArmPaths, Mediation
from analysis.statistics.estimate import Estimate, NotEstimable

CAUTION = (
    "These are associations, decomposed along an order that the plan assumes, and not evidence of "
    "a cause."
)
RANDOMISED = "Participants were randomised to the arms, not to the mediators."
NOT_RANDOMISED = "Participants are not known to have been randomised, to arms or to mediators."


def sentences(found: Mediation | NotEstimable, results: Results) -> list[str]:
    """Return the sentences on the paths whose intervals exclude zero, and the caution."""
    if isinstance(found, NotEstimable):
        return [f"Mediation is not estimable: {found.reason}."]
    # The order is an assumption of the plan, so the sentences begin with it.
    order = " → ".join(["arm", *found.mediators, found.outcome])
    paths = [
        f"{arm.label}, through {way(path.through)}: {_value(path.effect)}"
        for arm in found.arms
        for path in arm.by_path
        if _excludes_zero(path.effect)
    ]
    count = _count(found.arms)
    summary = (
        f"Of {count} indirect differences from “{found.control}”, the following have an interval "
        f"that excludes zero (not adjusted for their number): {'; '.join(paths)}."
        if paths
        else f"Of {count} indirect differences from “{found.control}”, none has an interval that "
        "excludes zero, even without adjustment for their number."
    )
    return [
        f"Assumed order: {order}. {summary}",
        f"{RANDOMISED if results.plan.allocation == 'randomised' else NOT_RANDOMISED} {CAUTION}",
    ]


def way(through: tuple[str, ...]) -> str:
    """Return a path such as “Understanding” → “Trust”."""
    return " → ".join(f"“{name}”" for name in through)


def _count(arms: tuple[ArmPaths, ...]) -> int:
    return sum(len(arm.by_path) for arm in arms)


def _excludes_zero(effect: Estimate) -> bool:
    return effect.low > 0 or effect.high < 0


def _value(effect: Estimate) -> str:
    return f"{fine(effect.value)} {interval(effect, 'fine')}"
