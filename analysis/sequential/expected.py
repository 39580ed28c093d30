"""What a group-sequential design costs: its power and the sample that it needs on average."""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy import optimize
from scipy.special import ndtri

from analysis.sequential.boundaries import Boundary, Design
from analysis.sequential.recursion import Walk


@dataclass(frozen=True)
class Course:
    """Course of a study whose drift is `drift`, in shares of the planned information.

    `effect` and `futility` are the probabilities of stopping at each look for an effect and for
    futility; studies that end without either are in the last entry of `futility`. `expected` is the
    expected share of the planned information that is used.
    """

    drift: float
    effect: tuple[float, ...]
    futility: tuple[float, ...]
    expected: float

    @property
    def power(self) -> float:
        """Return the probability of detecting an effect, in either direction."""
        return sum(self.effect)


def course(looks: Sequence[Boundary], drift: float) -> Course:
    """Return the course of studies that stop at these boundaries, futility included.

    `drift` is the mean of z at the planned end.
    """
    walk, effects, futile, expected = Walk.start(drift), [], [], 0.0
    for number, look in enumerate(looks, start=1):
        up = walk.above(look.fraction, look.efficacy)
        down = walk.between(look.fraction, (-float("inf"), -look.efficacy))
        reached = walk.going_on
        walk = walk.go_on(look.fraction, look.intervals(binding=True))
        # What neither goes on nor has shown an effect has stopped for futility, or is at the end.
        left = walk.going_on if number < len(looks) else 0.0
        effects.append(up + down)
        futile.append(max(reached - up - down - left, 0.0))
        expected += look.fraction * (reached - left)
    return Course(drift, tuple(effects), tuple(futile), expected)


def drift_with_power(looks: Sequence[Boundary], power: float) -> float:
    """Return the drift with which studies that stop at these boundaries have the power."""
    return float(
        optimize.brentq(lambda drift: course(looks, drift).power - power, 0.0, 20.0, xtol=1e-10)
    )


def inflation(design: Design, power: float) -> float:
    """Return how many times the sample of a fixed test the planned looks need at most.

    Both tests have the same level and power.
    """
    fixed = float(ndtri(1 - design.alpha / 2) + ndtri(power))
    return (drift_with_power(design.at(design.planned), power) / fixed) ** 2
