"""How many participants the study needed for the effect that its plan was made to find."""

from dataclasses import dataclass
from math import ceil

from scipy import optimize
from statsmodels.stats.power import FTestAnovaPower, TTestIndPower

from analysis.errors import NotEstimableError
from analysis.plan.tables import SampleGoal


@dataclass(frozen=True)
class SampleNeeded:
    """`effect` (Cohen's d or f), the chance `power` to find it at `alpha`, and who was needed.

    Before the data: what was found does not enter, so that this is no "observed power".
    """

    effect: str
    size: float
    power: float
    alpha: float
    arms: int
    per_arm: float  # unrounded
    per_arm_rounded: int
    analysed_per_arm: int  # the smallest arm's per-protocol set


def sample_needed(goal: SampleGoal, arms: int, alpha: float, analysed: int) -> SampleNeeded:
    """d: one arm against another by t. f: all arms by one-way F."""
    if goal.d is not None:
        effect, size = "d", goal.d
        needed = n_per_arm_t(goal.d, goal.power, alpha)
    elif goal.f is not None:
        effect, size = "f", goal.f
        needed = n_per_arm_anova(arms, goal.f, goal.power, alpha)
    else:
        raise NotEstimableError("sample_goal names neither d nor f")
    return SampleNeeded(effect, size, goal.power, alpha, arms, needed, ceil(needed), analysed)


def n_per_arm_t(d: float, power: float, alpha: float = 0.05) -> float:
    """Two-sided t test of two equal arms (known answers, row 23: R's pwr.t.test)."""
    _require(d, power)
    return float(TTestIndPower().solve_power(effect_size=abs(d), power=power, alpha=alpha))


def n_per_arm_anova(arms: int, f: float, power: float, alpha: float = 0.05) -> float:
    """One-way F of equal arms (known answers, row 24: R's pwr.anova.test).

    statsmodels counts the whole sample and searches from a fixed start, which fails for large f.
    """
    _require(f, power)
    test = FTestAnovaPower()

    def lacking(total: float) -> float:
        return float(test.power(f, total, alpha, k_groups=arms)) - power

    high = 2.0 * arms + 2
    while lacking(high) < 0:
        high *= 2
    if lacking(arms + 1.001) >= 0:
        return (arms + 1.001) / arms
    return float(optimize.brentq(lacking, arms + 1.001, high)) / arms


def _require(effect: float, power: float) -> None:
    if effect == 0 or not 0 < power < 1:
        raise NotEstimableError(f"effect {effect:g} with power {power:g} needs no finite sample")
