"""Tests and intervals that hold after every participant, for scores between known limits.

Somebody who bets against a mean m, with stakes that depend on earlier scores only, cannot expect to
win if m is the mean: the capital is a martingale, and it ever reaches 1/α with a probability of at
most α (Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B 86,
2024). Nothing is assumed about the scores except their limits, and that people in an arm are
independent and alike. The product of the capitals of two independent arms is such a martingale,
too, so that the means of both are rejected together.
"""

from dataclasses import dataclass
from math import exp, log

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

GRID = 201  # candidate means between the limits
STAKE = 0.5  # largest share of the capital that a single score can lose


@dataclass(frozen=True)
class Evidence:
    """An e-value against no difference, and the interval of differences that are not refuted."""

    e: float
    low: float
    high: float

    @property
    def p(self) -> float:
        """Return the p that may be read after every participant."""
        return min(1.0, 1 / self.e)


def difference_of_means(
    scores: Numbers, in_arm: npt.NDArray[np.bool_], limits: tuple[float, float], alpha: float = 0.05
) -> Evidence:
    """Return the evidence on the mean of an arm minus the mean of the other people.

    `scores`, shape (n,), are in the order in which the participants finished, and `in_arm`, shape
    (n,), marks the arm's. Raises ValueError for scores beyond the limits.
    """
    shares = _shares(scores, limits)
    means = np.linspace(0, 1, GRID)
    logs = np.zeros((2, GRID))
    bets = (Bets(means), Bets(means))
    # The largest capital so far counts, for each pair of means: rows are the other people's.
    largest = np.zeros((GRID, GRID))
    for share, inside in zip(shares, in_arm, strict=True):
        arm = int(inside)
        logs[arm] += bets[arm].win(share)
        np.maximum(largest, logs[0][:, None] + logs[1], out=largest)
    # A difference is refuted if every pair of means with this difference is.
    offsets = np.arange(-(GRID - 1), GRID)
    least = np.array([np.diagonal(largest, offset).min() for offset in offsets])
    return _evidence(least, offsets / (GRID - 1) * (limits[1] - limits[0]), alpha)


def mean_of_differences(differences: Numbers, widest: float, alpha: float = 0.05) -> Evidence:
    """Return the evidence on the mean of paired differences, which lie within ± `widest`.

    `differences`, shape (n,), are in the order in which the participants finished. Raises
    ValueError for differences beyond the limits.
    """
    shares, means = _shares(differences, (-widest, widest)), np.linspace(0, 1, GRID)
    logs, largest, bets = np.zeros(GRID), np.zeros(GRID), Bets(means)
    for share in shares:
        logs += bets.win(share)
        np.maximum(largest, logs, out=largest)
    return _evidence(largest, (2 * means - 1) * widest, alpha)


class Bets:
    """Bets against each candidate mean, shape (g,) or any other, on a sequence of shares.

    The stakes are aGRAPA's (Waudby-Smith and Ramdas 2024, appendix B.3): what would have grown best
    on the scores so far, to second order, limited so that no score can lose more than STAKE.
    """

    def __init__(self, means: Numbers) -> None:
        self.means = means
        with np.errstate(divide="ignore"):
            self._lowest, self._highest = -STAKE / (1 - means), STAKE / means
        # A first guess in the middle counts as one score, so that the first stake is small.
        self._count = 1.0
        self._sum: Numbers | float = 0.5
        self._squares: Numbers | float = 0.25

    def win(self, share: Numbers | float) -> Numbers:
        """Return the logarithm of what each capital is multiplied by, and learn the share."""
        mean, variance = self._sum / self._count, self._squares / self._count
        away = mean - self.means
        stake = np.clip(away / (variance + away**2), self._lowest, self._highest)
        won = np.log1p(stake * (share - self.means))
        self._count += 1
        self._sum = self._sum + share
        self._squares = self._squares + (share - self._sum / self._count) ** 2
        return np.asarray(won)


def _shares(scores: Numbers, limits: tuple[float, float]) -> Numbers:
    low, high = limits
    if len(scores) and not low <= scores.min() <= scores.max() <= high:
        raise ValueError(
            f"the scores must lie between {low:g} and {high:g}, but lie between "
            f"{scores.min():g} and {scores.max():g}"
        )
    return (scores - low) / (high - low)


def _evidence(logs: Numbers, differences: Numbers, alpha: float) -> Evidence:
    """Return the e-value at no difference, in the middle, and the ends of what is not refuted."""
    middle = len(logs) // 2
    left = np.flatnonzero(logs < -log(alpha))
    # The ends are a step further out, because the truth may lie between two candidates.
    first, last = max(left[0] - 1, 0), min(left[-1] + 1, len(logs) - 1)
    return Evidence(
        exp(min(logs[middle], 700.0)), float(differences[first]), float(differences[last])
    )
