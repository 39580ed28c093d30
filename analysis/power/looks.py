"""Boundaries of planned looks, and their largest and expected samples."""

from dataclasses import dataclass

from analysis.plan.plan import Plan
from analysis.sections.looks.deciding import design_of
from analysis.sequential.expected import course, drift_with_power, inflation


@dataclass(frozen=True)
class PlannedLook:
    """A planned look at `people` participants with a score, or the end of the study.

    It stops for an effect if |z| is at least `efficacy`, which a single test would call
    `nominal_p`, and for futility if |z| is at most `futility`. `with_effect` and `without` are the
    shares of studies that end here if the planned effect is there and if there is none.
    """

    people: int
    efficacy: float
    futility: float | None
    nominal_p: float
    with_effect: float
    without: float


@dataclass(frozen=True)
class PlannedLooks:
    """Looks of the plan, and the participants that they need on average in both arms together.

    `inflation` is the largest sample as a multiple of a single test's with the same `power`.
    """

    outcome: str
    sample: int
    power: float
    inflation: float
    expected_with_effect: float
    expected_without: float
    looks: tuple[PlannedLook, ...]


def planned_looks(plan: Plan, power: float) -> PlannedLooks | None:
    """Return what the plan's looks cost at its own power, or at `power` if it names none.

    Return None without looks, and for looks at any time, whose expected sample has no formula.
    """
    rule = plan.looks
    if rule is None or rule.is_anytime:
        return None
    power = power if rule.power is None else rule.power
    design = design_of(rule, plan.alpha)
    found = design.at(design.planned)
    there, nothing = course(found, drift_with_power(found, power)), course(found, 0.0)
    return PlannedLooks(
        rule.outcome,
        rule.sample,
        power,
        inflation(design, power),
        there.expected * rule.sample,
        nothing.expected * rule.sample,
        tuple(
            PlannedLook(
                people,
                look.efficacy,
                look.futility,
                look.nominal_p,
                there.effect[number] + there.futility[number],
                nothing.effect[number] + nothing.futility[number],
            )
            for number, (people, look) in enumerate(zip(rule.times, found, strict=True))
        ),
    )
