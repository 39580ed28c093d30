"""p, estimate and interval of a group-sequential test, by the stagewise ordering of its results.

A study that stopped early for an effect is stronger evidence for it than any study that went on
(Jennison and Turnbull, Group Sequential Methods, 2000, chapter 8). An ordinary estimate is biased
after looks, because a study stops where chance has exaggerated the effect.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from scipy import optimize

from analysis.sequential.boundaries import Boundary
from analysis.sequential.recursion import Walk

FAR = 12.0  # drifts beyond z ± FAR give probabilities of 0 or 1


@dataclass(frozen=True)
class Stagewise:
    """Results on the scale of z at the last look, where the ordinary estimate is the last z itself.

    `p` is two-sided, `median` the median-unbiased estimate, `low` to `high` the interval.
    """

    p: float
    median: float
    low: float
    high: float


def stagewise(looks: Sequence[Boundary], fraction: float, z: float, level: float) -> Stagewise:
    """Return the results of a study that went on at all `looks` and ended at `fraction` with `z`.

    `looks` are the boundaries of the looks before the last analysis, whose share of the planned
    information is `fraction`. Futility is ignored, as if the study might have gone on: the results
    remain valid if its boundary was not obeyed. Raises ValueError if `fraction` is not larger than
    that of the last look.
    """
    root = sqrt(fraction)

    def at_least(drift_of_z: float) -> float:
        return _at_least(looks, fraction, z, drift_of_z / root)

    null, tail = at_least(0.0), (1 - level) / 2
    return Stagewise(
        min(1.0, 2 * min(null, 1 - null)),
        _solve(at_least, 0.5, z),
        _solve(at_least, tail, z),
        _solve(at_least, 1 - tail, z),
    )


def _at_least(looks: Sequence[Boundary], fraction: float, z: float, drift: float) -> float:
    """Return the probability of a result that is at least as far up in the stagewise ordering."""
    walk, stopped = Walk.start(drift), 0.0
    for look in looks:
        stopped += walk.above(look.fraction, look.efficacy)
        walk = walk.go_on(look.fraction, look.intervals(binding=False))
    return stopped + walk.above(fraction, z)


def _solve(at_least: Callable[[float], float], probability: float, z: float) -> float:
    """Return the mean of z with which such a result has this probability, which grows with it."""
    low, high = -FAR, FAR
    centre = z
    # After early looks the bounds may be far from a large z, so the bracket follows them.
    while at_least(centre + low) > probability:
        low *= 2
    while at_least(centre + high) < probability:
        high *= 2
    found = optimize.brentq(
        lambda shift: at_least(centre + shift) - probability, low, high, xtol=1e-10
    )
    return centre + float(found)
