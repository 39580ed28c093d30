"""Probabilities of leaving a region at each look, by numerical integration.

The standardised statistics Z_k of a group-sequential test are jointly normal with mean θ√t_k, unit
variance and correlation √(t_j / t_k), where t_k is the information at look k (Jennison and
Turnbull, Group Sequential Methods, 2000, chapter 3). The score S_k = Z_k √t_k is then a Brownian
motion with drift θ, so that its density before the next look follows from one integral over the
region in which the study went on (Armitage, McPherson and Rowe, JRSS A 132, 1969).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, inf, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

Numbers = npt.NDArray[np.float64]
Interval = tuple[float, float]
"""Values of Z between which a study goes on."""

TAIL = 9.0  # standard deviations beyond which a normal density is 0 for our purposes
NODES_PER_SD = 4  # of the narrowest density that the rule must resolve
FEWEST, MOST = 64, 2048  # nodes of an interval, a multiple of the fewest


@dataclass(frozen=True)
class Walk:
    """The part of a study's distribution that has gone on until the look at `information`.

    `score` contains the nodes of S, shape (m,), and `mass` their probability weights, shape (m,),
    which sum to the probability of having gone on. `drift` is θ.
    """

    information: float
    drift: float
    score: Numbers
    mass: Numbers

    @classmethod
    def start(cls, drift: float = 0.0) -> Self:
        """Return the walk before the first look."""
        return cls(0.0, drift, np.zeros(1), np.ones(1))

    @property
    def going_on(self) -> float:
        """Return the probability that the study has not stopped."""
        return float(self.mass.sum())

    def above(self, information: float, z: float) -> float:
        """Return the probability of going on until the look at `information` with Z > `z` there."""
        return self.between(information, (z, inf))

    def between(self, information: float, interval: Interval) -> float:
        """Return the probability of going on until the next look with Z in the interval there."""
        step, root = self._step(information), sqrt(information)
        at_end = (np.array(interval)[:, None] * root - self.score - self.drift * step) / sqrt(step)
        low, high = at_end
        # Both ends may be far in the upper tail, where 1 - ndtr would lose every digit.
        part = np.where(low > 0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
        return float(self.mass @ part)

    def go_on(self, information: float, intervals: Sequence[Interval]) -> Self:
        """Return the walk after the look at `information`, if Z is in one of the intervals."""
        step, root = self._step(information), sqrt(information)
        spread = sqrt(step)
        middle = self.drift * information
        # Outside of these scores the density is 0, however wide the interval is.
        lowest, highest = middle - TAIL * root, middle + TAIL * root
        scores, weights = [], []
        for low, high in intervals:
            ends = max(low * root, lowest), min(high * root, highest)
            if ends[0] < ends[1]:
                nodes, weight = _gauss_legendre(*ends, spread)
                scores.append(nodes)
                weights.append(weight)
        if not scores:
            return type(self)(information, self.drift, np.zeros(0), np.zeros(0))
        score, weight = np.concatenate(scores), np.concatenate(weights)
        away = (score[:, None] - self.score - self.drift * step) / spread
        density = np.exp(-0.5 * away**2) @ self.mass / (spread * sqrt(2 * np.pi))
        return type(self)(information, self.drift, score, density * weight)

    def _step(self, information: float) -> float:
        step = information - self.information
        if step <= 0:
            raise ValueError(
                f"information must grow from look to look, but goes from {self.information:g} to "
                f"{information:g}"
            )
        return step


def _gauss_legendre(low: float, high: float, spread: float) -> tuple[Numbers, Numbers]:
    """Return nodes and weights between `low` and `high` for densities with this SD."""
    wanted = ceil(NODES_PER_SD * (high - low) / spread / FEWEST) * FEWEST
    nodes, weights = _rule(min(wanted, MOST))
    half = (high - low) / 2
    return low + half * (nodes + 1), weights * half


@cache  # a rule of many nodes takes longer to find than to use
def _rule(count: int) -> tuple[Numbers, Numbers]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights
