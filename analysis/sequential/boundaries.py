"""Boundaries of a group-sequential test, two-sided and symmetric, at given shares of information.

The boundary of a look is found from the share of the level that may be spent until then (Lan and
DeMets, Biometrika 70, 1983): it depends on this look and earlier looks only, so that looks need not
be at the planned numbers of participants.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import e, inf, log, sqrt
from typing import Literal

from scipy import optimize
from scipy.special import ndtr, ndtri

from analysis.sequential.recursion import Interval, Walk

Spending = Literal["obrien_fleming", "pocock", "haybittle_peto"]
Futility = Literal["none", "obrien_fleming", "pocock"]
INTERIM = 3.0  # Haybittle and Peto: |Z| that stops a study before its end
WIDEST = 40.0  # a boundary beyond which no statistic can be


@dataclass(frozen=True)
class Boundary:
    """The boundary of a look at the share `fraction` of the planned information.

    The study stops for an effect if |Z| is at least `efficacy`, and for futility if |Z| is at most
    `futility` (None: never). `spent` is the level that both sides together have spent until here.
    """

    fraction: float
    efficacy: float
    futility: float | None
    spent: float

    @property
    def nominal_p(self) -> float:
        """Return the two-sided p of a single test at the boundary."""
        return 2 * float(ndtr(-self.efficacy))

    def intervals(self, *, binding: bool) -> tuple[Interval, ...]:
        """Return the values of Z with which the study goes on, with futility only if `binding`."""
        if not binding or self.futility is None or self.futility <= 0:
            return ((-self.efficacy, self.efficacy),)
        if self.futility >= self.efficacy:
            return ()
        return (-self.efficacy, -self.futility), (self.futility, self.efficacy)


def spent_by(kind: Literal["obrien_fleming", "pocock"], fraction: float, level: float) -> float:
    """Return the part of a one-sided level that is spent until the fraction of information.

    The two functions of Lan and DeMets (1983) resemble the boundaries of O'Brien and Fleming and of
    Pocock.
    """
    if fraction >= 1:
        return level
    if kind == "obrien_fleming":
        return 2 * float(ndtr(ndtri(level / 2) / sqrt(fraction)))
    return level * log(1 + (e - 1) * fraction)


@dataclass(frozen=True)
class Design:
    """A group-sequential test with the level `alpha` and looks planned at these fractions.

    With `futility`, the share 1 - `power` of studies with the planned effect is spent on stopping
    for futility. That boundary is not binding: the level holds whether or not it is obeyed. Raises
    ValueError for fractions that do not grow or are not above 0, and for futility without power.
    """

    kind: Spending
    planned: tuple[float, ...]
    alpha: float = 0.05
    futility: Futility = "none"
    power: float | None = None

    def __post_init__(self) -> None:
        _check(self.planned)
        if self.futility != "none" and self.power is None:
            raise ValueError("futility needs the power, whose complement is spent on it")

    @cached_property
    def planned_drift(self) -> float:
        """Return the drift θ with which the planned looks have the power.

        Raises ValueError without a power.
        """
        if self.power is None:
            raise ValueError("the drift of the planned effect follows from the power; give it")
        return _drift(_efficacy(self.kind, self.planned, self.alpha), self.futility, self.power)

    def at(self, fractions: Sequence[float]) -> tuple[Boundary, ...]:
        """Return the boundaries of looks at these fractions of the planned information.

        They need not be the planned fractions; a look at 1 or more spends what is left. Raises
        ValueError for fractions that do not grow or are not above 0.
        """
        _check(fractions)
        efficacy = _efficacy(self.kind, fractions, self.alpha)
        if self.futility == "none" or self.power is None:
            return efficacy
        # The drift belongs to the plan: it must not change with the looks that are held.
        return _with_futility(efficacy, self.futility, 1 - self.power, self.planned_drift)


def _efficacy(kind: Spending, fractions: Sequence[float], alpha: float) -> tuple[Boundary, ...]:
    side, spent = alpha / 2, 0.0
    walk, found = Walk.start(), []
    for fraction in fractions:
        left = side - spent
        if kind != "haybittle_peto":
            due = min(spent_by(kind, fraction, side) - spent, left)
            z = _upper(walk, fraction, due)
        elif fraction < 1:
            # An interim boundary never spends more than the level that is left.
            z = max(INTERIM, _upper(walk, fraction, left))
        else:
            z = _upper(walk, fraction, left)
        spent += walk.above(fraction, z)
        found.append(Boundary(fraction, z, None, 2 * spent))
        walk = walk.go_on(fraction, found[-1].intervals(binding=False))
    return tuple(found)


def _upper(walk: Walk, fraction: float, due: float) -> float:
    """Return z, such that the study reaches this look with Z > z with the probability `due`."""
    if due <= 0 or walk.above(fraction, WIDEST) >= due:
        return WIDEST
    return _root(lambda z: walk.above(fraction, z) - due, -WIDEST, WIDEST)


def _with_futility(
    efficacy: Sequence[Boundary], kind: Futility, beta: float, drift: float
) -> tuple[Boundary, ...]:
    """Add the futility boundaries that spend `beta` under the drift of the planned effect."""
    walk, spent, found = Walk.start(drift), 0.0, []
    for number, look in enumerate(efficacy):
        last = number == len(efficacy) - 1 and look.fraction >= 1
        due = (beta if last else _spent_on_futility(kind, look.fraction, beta)) - spent
        # At the end everything below efficacy is a result without evidence of an effect.
        z = look.efficacy if last else min(_inner(walk, look.fraction, due), look.efficacy)
        spent += walk.between(look.fraction, (-z, z)) if z > 0 else 0.0
        both = Boundary(look.fraction, look.efficacy, z, look.spent)
        found.append(both)
        walk = walk.go_on(look.fraction, both.intervals(binding=True))
    return tuple(found)


def _spent_on_futility(kind: Futility, fraction: float, beta: float) -> float:
    return spent_by("pocock" if kind == "pocock" else "obrien_fleming", fraction, beta)


def _inner(walk: Walk, fraction: float, due: float) -> float:
    """Return z, such that the study reaches this look with |Z| < z with the probability `due`."""

    def excess(z: float) -> float:
        return walk.between(fraction, (-z, z)) - due

    if due <= 0:
        return 0.0
    return WIDEST if excess(WIDEST) <= 0 else _root(excess, 0.0, WIDEST)


def _drift(efficacy: Sequence[Boundary], futility: Futility, power: float) -> float:
    """Return the drift with which a test that obeys both boundaries has this power."""

    def excess(drift: float) -> float:
        looks = (
            efficacy if futility == "none" else _with_futility(efficacy, futility, 1 - power, drift)
        )
        walk, detected = Walk.start(drift), 0.0
        for look in looks:
            detected += walk.above(look.fraction, look.efficacy)
            walk = walk.go_on(look.fraction, look.intervals(binding=True))
        return detected - power

    return _root(excess, 0.1, 20.0)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return float(optimize.brentq(function, low, high, xtol=1e-12))


def _check(fractions: Sequence[float]) -> None:
    known = [0.0, *fractions, inf]
    if any(later <= earlier for earlier, later in pairwise(known)):
        raise ValueError(
            f"the fractions of information must be above 0 and grow, but are {list(fractions)}"
        )
