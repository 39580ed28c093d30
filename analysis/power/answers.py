"""Answers of simulated participants, each converted from a latent value to a recorded value."""

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
    """A kind of answer: its mean at a latent shift, and random draws."""

    @property
    def spread(self) -> float:
        """Return the SD of the latent value's normal part: participants, images, or a score."""

    def mean(self, shift: float) -> float:
        """Return the expected answer over participants and images at a latent shift."""

    def draw(self, latent: Array, rng: np.random.Generator) -> Array:
        """Draw an answer per latent value, with independent noise."""


@dataclass(frozen=True)
class Ordered:
    """Answers `values` cut from a latent logistic value at `cuts`, yes and no included."""

    values: Array
    cuts: Array
    spread: float

    def mean(self, shift: float) -> float:
        """Return the expectation over the normal part of the latent value."""
        upper = special.expit(self.spread * NODES[:, None] + shift - self.cuts)
        return float(self.values[0] + WEIGHTS @ (upper @ np.diff(self.values)))

    def draw(self, latent: Array, rng: np.random.Generator) -> Array:
        """Draw answers: latent value plus logistic noise, cut at the thresholds."""
        noise = rng.logistic(size=latent.shape)
        return self.values[np.searchsorted(self.cuts, latent + noise)]


@dataclass(frozen=True)
class Numeric:
    """A numeric answer: `middle` is its mean in the control arm, `noise` the SD of its noise."""

    middle: float
    spread: float
    noise: float

    def mean(self, shift: float) -> float:
        """Return the middle plus the shift."""
        return self.middle + shift

    def draw(self, latent: Array, rng: np.random.Generator) -> Array:
        """Draw answers: middle plus latent value plus normal noise."""
        drawn: Array = self.middle + latent + rng.normal(0, self.noise, latent.shape)
        return drawn


@dataclass(frozen=True)
class Rated:
    """An item of a scale: a normal value, rounded and truncated to the points `low` to `high`."""

    low: int
    high: int
    middle: float
    spread: float
    noise: float

    def mean(self, shift: float) -> float:
        """Return the lowest point plus Σ P(answer reaches each higher point)."""
        sd = float(np.hypot(self.spread, self.noise))
        steps = np.arange(self.low, self.high) + 0.5
        return float(self.low + stats.norm.sf(steps, self.middle + shift, sd).sum())

    def draw(self, latent: Array, rng: np.random.Generator) -> Array:
        """Draw answers: latent values with noise, rounded to points of the scale."""
        value = self.middle + latent + rng.normal(0, self.noise, latent.shape)
        return np.clip(np.round(value), self.low, self.high)


def yes_or_no(assumed: Assumptions) -> Ordered:
    """Return answers 0 and 1 with share `baseline_share` of 1 over participants and images."""
    spread = _latent_spread(assumed)
    plain = Ordered(np.array([0.0, 1.0]), np.zeros(1), spread)
    cut = -_solve(plain.mean, assumed.baseline_share, "baseline_share")
    return Ordered(plain.values, np.array([cut]), spread)


def ordered(low: int, high: int, assumed: Assumptions) -> Ordered:
    """Return answers from low to high.

    Their shares are binomial in the control arm.
    """
    spread = _latent_spread(assumed)
    count = high - low
    below = stats.binom.cdf(np.arange(count), count, 0.5)
    plain = Ordered(np.array([0.0, 1.0]), np.zeros(1), spread)
    cuts = [-_solve(plain.mean, float(1 - share), "the shares of answers") for share in below]
    return Ordered(np.arange(low, high + 1, dtype=float), np.array(cuts), spread)


def numeric(assumed: Assumptions, name: str) -> Numeric:
    """Return numeric answers with SD `score_sd` in a single trial.

    Raises PlanningError if neither the column's range nor `score_sd` is known.
    """
    if assumed.score_sd is None:
        raise PlanningError([f"{name} has no range; give its SD in a single trial as score_sd."])
    share = assumed.person_share + assumed.image_share + assumed.arm_by_image_share
    sd = assumed.score_sd
    middle = 0.0 if assumed.score_mean is None else assumed.score_mean
    return Numeric(middle, sd * share**0.5, sd * (1 - share) ** 0.5)


def rated(low: int, high: int, items: int, assumed: Assumptions) -> Rated:
    """Return one of `items` items whose mean has SD `score_sd` and the assumed reliability."""
    sd = (high - low) / 6 if assumed.score_sd is None else assumed.score_sd
    middle = (low + high) / 2 if assumed.score_mean is None else assumed.score_mean
    reliability = assumed.reliability
    return Rated(low, high, middle, sd * reliability**0.5, sd * (items * (1 - reliability)) ** 0.5)


def shift_for(answers: Answers, effect: float) -> float:
    """Return the latent shift that raises the mean answer by `effect` above the control arm."""
    return _solve(answers.mean, answers.mean(0.0) + effect, "the smallest effect")


def _solve(mean: Callable[[float], float], wanted: float, what: str) -> float:
    high = 1.0
    while not mean(-high) < wanted < mean(high):
        high *= 2
        if high > 1e6:
            raise PlanningError([f"{what}: such answers cannot have the mean {wanted:g}."])
    return float(optimize.brentq(lambda shift: mean(shift) - wanted, -high, high, xtol=1e-10))


def _latent_spread(assumed: Assumptions) -> float:
    share = assumed.person_share + assumed.image_share + assumed.arm_by_image_share
    return float((LOGISTIC_VARIANCE * share / (1 - share)) ** 0.5)
