"""Sample size that the study needed for the effect in its plan's sample goal."""

from dataclasses import dataclass
from math import ceil

from scipy import optimize
from statsmodels.stats.power import FTestAnovaPower, TTestIndPower

from analysis.errors import NotEstimableError
from analysis.plan.tables import SampleGoal


@dataclass(frozen=True)
class SampleNeeded:
    """Required sample for `effect` (Cohen's d or f) with a given `power` at `alpha`.

    It is computed from the plan alone, without the observed effect, so it is not "observed power".
    """

    effect: str
    size: float
    power: float
    alpha: float
    arms: int
    per_arm: float  # unrounded
    per_arm_rounded: int
    analysed_per_arm: int  # per-protocol set of the smallest arm


def sample_needed(goal: SampleGoal, arms: int, alpha: float, analysed: int) -> SampleNeeded:
    """Return the required sample: for d by a t test of two arms, for f by a one-way F of all arms.

    Raises NotEstimableError if the goal names neither.
    """
    if goal.d is not None:
        effect, size = "d", goal.d
        needed = n_per_arm_t(goal.d, goal.power, alpha)
    elif goal.f is not None:
        effect, size = "f", goal.f
        needed = n_per_arm_anova(arms, goal.f, goal.power, alpha)
    else:
        raise NotEstimableError("sample_goal declares neither d nor f")
    return SampleNeeded(effect, size, goal.power, alpha, arms, needed, ceil(needed), analysed)


def n_per_arm_t(d: float, power: float, alpha: float = 0.05) -> float:
    """Return n per arm of a two-sided t test (known answers, row 23: R's pwr.t.test)."""
    _require(d, power)
    return float(TTestIndPower().solve_power(effect_size=abs(d), power=power, alpha=alpha))


def n_per_arm_anova(arms: int, f: float, power: float, alpha: float = 0.05) -> float:
    """Return n per arm of a one-way F (known answers, row 24: R's pwr.anova.test).

    statsmodels counts the whole sample and starts its search at a fixed value, which fails for
    large f, so the search is done here.
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
        raise NotEstimableError(f"effect {effect:g} with power {power:g} has no finite sample size")
