"""How simulated people answer: a latent value per answer, cut or turned into what is recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from analysis.power.assumptions import Assumptions, PlanningError

Array = NDArray[np.float64]
LOGISTIC_VARIANCE = pi**2 / 3
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


class Answers(Protocol):
    """A kind of answer: the mean answer at a latent shift, and answers drawn."""

    @property
    def spread(self) -> float:
        """SD of the latent value's normal part: people, images, or a score."""

    def mean(self, shift: float) -> float:
        """Expected answer, over people and images, at this shift of the latent value."""

    def draw(self, latent: Array, rng: np.random.Generator) -> Array:
        """An answer per latent value, its own noise added."""


@dataclass(frozen=True)
class Ordered:
    """Answers `values` cut from a latent logistic value at `cuts`; yes and no are two of them."""

    values: Array
    cuts: Array
    spread: float

    def mean(self, shift: float) -> float:
        """E over the normal part of the latent value."""
        upper = special.expit(self.spread * NODES[:, None] + shift - self.cuts)
        return float(self.values[0] + WEIGHTS @ (upper @ np.diff(self.values)))

    def draw(self, latent: Array, rng: np.random.Generator) -> Array:
        """Latent value plus logistic noise, cut."""
        noise = rng.logistic(size=latent.shape)
        return self.values[np.searchsorted(self.cuts, latent + noise)]


@dataclass(frozen=True)
class Numeric:
    """A number as it is, `middle` its mean in the control arm, `noise` the SD of its own part."""

    middle: float
    spread: float
    noise: float

    def mean(self, shift: float) -> float:
        """The middle, shifted."""
        return self.middle + shift

    def draw(self, latent: Array, rng: np.random.Generator) -> Array:
        """Middle, latent value and normal noise."""
        drawn: Array = self.middle + latent + rng.normal(0, self.noise, latent.shape)
        return drawn


@dataclass(frozen=True)
class Rated:
    """An item of a scale: a normal value, rounded and cut to the points from `low` to `high`."""

    low: int
    high: int
    middle: float
    spread: float
    noise: float

    def mean(self, shift: float) -> float:
        """Σ of the chances to reach each point above the lowest."""
        sd = float(np.hypot(self.spread, self.noise))
        steps = np.arange(self.low, self.high) + 0.5
        return float(self.low + stats.norm.sf(steps, self.middle + shift, sd).sum())

    def draw(self, latent: Array, rng: np.random.Generator) -> Array:
        """Rounded to a point of the scale."""
        value = self.middle + latent + rng.normal(0, self.noise, latent.shape)
        return np.clip(np.round(value), self.low, self.high)


def yes_or_no(assumed: Assumptions) -> Ordered:
    """0 and 1, `baseline_share` of 1 over people and images."""
    spread = _latent_spread(assumed)
    plain = Ordered(np.array([0.0, 1.0]), np.zeros(1), spread)
    cut = -_solve(plain.mean, assumed.baseline_share, "baseline_share")
    return Ordered(plain.values, np.array([cut]), spread)


def ordered(low: int, high: int, assumed: Assumptions) -> Ordered:
    """Points from low to high, their shares in the control arm binomial about the middle."""
    spread = _latent_spread(assumed)
    count = high - low
    below = stats.binom.cdf(np.arange(count), count, 0.5)
    plain = Ordered(np.array([0.0, 1.0]), np.zeros(1), spread)
    cuts = [-_solve(plain.mean, float(1 - share), "the shares of answers") for share in below]
    return Ordered(np.arange(low, high + 1, dtype=float), np.array(cuts), spread)


def numeric(assumed: Assumptions, name: str) -> Numeric:
    """A number of SD `score_sd` in a single trial."""
    if assumed.score_sd is None:
        raise PlanningError([f"{name} has no range: give its SD in a single trial as score_sd."])
    share = assumed.person_share + assumed.image_share + assumed.arm_by_image_share
    sd = assumed.score_sd
    middle = 0.0 if assumed.score_mean is None else assumed.score_mean
    return Numeric(middle, sd * share**0.5, sd * (1 - share) ** 0.5)


def rated(low: int, high: int, items: int, assumed: Assumptions) -> Rated:
    """One of `items` items whose mean has SD `score_sd` and the assumed reliability."""
    sd = (high - low) / 6 if assumed.score_sd is None else assumed.score_sd
    middle = (low + high) / 2 if assumed.score_mean is None else assumed.score_mean
    reliability = assumed.reliability
    return Rated(low, high, middle, sd * reliability**0.5, sd * (items * (1 - reliability)) ** 0.5)


def shift_for(answers: Answers, effect: float) -> float:
    """The latent shift at which the mean answer is `effect` above that of the control arm."""
    return _solve(answers.mean, answers.mean(0.0) + effect, "the smallest effect")


def _solve(mean: Callable[[float], float], wanted: float, what: str) -> float:
    high = 1.0
    while not mean(-high) < wanted < mean(high):
        high *= 2
        if high > 1e6:
            raise PlanningError([f"{what}: no answers of this kind have the mean {wanted:g}."])
    return float(optimize.brentq(lambda shift: mean(shift) - wanted, -high, high, xtol=1e-10))


def _latent_spread(assumed: Assumptions) -> float:
    share = assumed.person_share + assumed.image_share + assumed.arm_by_image_share
    return float((LOGISTIC_VARIANCE * share / (1 - share)) ** 0.5)
