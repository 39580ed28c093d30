"""Wording of the multiverse, which shows how far the estimates vary over the choices."""

from analysis.apa_numbers import number
from analysis.plan.plan import analysis_of, has_a_curve
from analysis.results import Results
from analysis.sections.multiverse import ArmCurve, SpecificationCurve


def sentences(found: tuple[SpecificationCurve, ...], results: Results) -> list[str]:
    """Return one sentence per outcome, then a sentence on the outcomes that have no curve."""
    left = [result.outcome for result in results.confirmatory if not has_a_curve(result.outcome)]
    asked = results.plan.multiverse
    if asked is not None and asked.outcomes:
        left = []
    named = ", ".join(f"“{outcome.label}” ({analysis_of(outcome).label})" for outcome in left)
    without = [f"Not varied, because no model of the curve is a version of the analysis: {named}."]
    if not found and not left:
        return ["No outcome of the plan compares arms with a control."]
    return [*map(_sentence, found), *(without if left else [])]


def _sentence(curve: SpecificationCurve) -> str:
    arms = "; ".join(_arm(arm) for arm in curve.arms)
    return (
        f"{curve.label}: {len(curve.specifications)} specifications of the difference from "
        f"“{curve.control}”, as d. {arms}."
    )


def _arm(arm: ArmCurve) -> str:
    if arm.median is None or arm.least is None or arm.most is None:
        return f"“{arm.label}”: not estimable in any specification"
    side = [
        f"{_intervals(count, arm.estimated)} {where} zero"
        for count, where in ((arm.above_zero, "above"), (arm.below_zero, "below"))
        if count
    ]
    position = " and ".join(side) or f"none of {arm.estimated} intervals excludes zero"
    return (
        f"“{arm.label}”: median {number(arm.median)}, from {number(arm.least)} to "
        f"{number(arm.most)}; {position}"
    )


def _intervals(count: int, of: int) -> str:
    if count == of:
        return f"all {of} intervals are" if of > 1 else "the only interval is"
    return f"{count} of {of} intervals {'is' if count == 1 else 'are'}"
