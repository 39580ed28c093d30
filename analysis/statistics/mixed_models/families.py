"""Likelihoods of single answers, with the derivatives that Laplace's method needs.

Every family is log-concave in the linear predictor η, so the random effects have a single mode.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from analysis.statistics.mixed_models.arrays import Array, Codes


@dataclass(frozen=True)
class Rows:
    """Per row: log likelihood, first derivative by η, and `weight`, minus the second derivative."""

    log: Array
    first: Array
    weight: Array


class Family(Protocol):
    """A likelihood given η and the family's parameters `extra` (such as thresholds)."""

    @property
    def size(self) -> int:
        """Return the number of the family's parameters."""
        ...

    def start(self) -> Array:
        """Return starting values of the family's parameters."""
        ...

    def rows(self, eta: Array, extra: Array) -> Rows:
        """Evaluate the rows at η (rows, …), element by element over further axes."""
        ...

    def weight_slope(self, eta: Array, extra: Array) -> Array:
        """Return the derivative of the weight by η."""
        ...

    def extra_mixed(self, eta: Array, extra: Array) -> Array:
        """Return -∂first/∂extra (rows, size), the counterpart of the weight for `extra`."""
        ...

    def extra_slope(self, eta: Array, extra: Array, leverage: Array, lift: Array) -> Array:
        """Return Σ over rows of -2 ∂log/∂extra + leverage ∂weight/∂extra + lift ∂first/∂extra."""
        ...


@dataclass(frozen=True)
class Binomial:
    """`successes` among `trials` (rows,) with logit link and no parameters other than η."""

    successes: Array
    trials: Array

    @property
    def size(self) -> int:
        """Return 0."""
        return 0

    def start(self) -> Array:
        """Return an empty array."""
        return np.zeros(0)

    def rows(self, eta: Array, extra: Array) -> Rows:
        """Evaluate log C(m, y) + y η - m log(1 + exp η)."""
        y, m = _as(self.successes, eta), _as(self.trials, eta)
        share = special.expit(eta)
        log = y * eta - m * np.logaddexp(0, eta) + self._constant(eta)
        return Rows(log, y - m * share, m * share * (1 - share))

    def weight_slope(self, eta: Array, extra: Array) -> Array:
        """Return m μ (1 - μ) (1 - 2μ)."""
        share = special.expit(eta)
        slope: Array = _as(self.trials, eta) * share * (1 - share) * (1 - 2 * share)
        return slope

    def extra_mixed(self, eta: Array, extra: Array) -> Array:
        """Return an array without columns."""
        return np.zeros((len(eta), 0))

    def extra_slope(self, eta: Array, extra: Array, leverage: Array, lift: Array) -> Array:
        """Return an empty array."""
        return np.zeros(0)

    def _constant(self, eta: Array) -> Array | float:
        if (self.trials == 1).all():
            return 0.0
        y, m = self.successes, self.trials
        log: Array = special.gammaln(m + 1) - special.gammaln(y + 1) - special.gammaln(m - y + 1)
        return _as(log, eta)


@dataclass(frozen=True)
class CumulativeLogit:
    """Ordered categories `codes` (rows,), 0 … k-1: P(category ≤ j) = F(τ_j - η), F logistic.

    With a = τ_j - η and b = τ_{j-1} - η, F(a) - F(b) = F(a) (1 - F(b)) (1 - exp(b - a)), in which
    only the first two factors depend on η. The parameters are τ_1 and the logs of the gaps between
    thresholds.
    """

    codes: Codes
    categories: int

    @property
    def size(self) -> int:
        """Return the number of thresholds."""
        return self.categories - 1

    def start(self) -> Array:
        """Return the thresholds that reproduce the categories' shares."""
        counts = np.bincount(self.codes, minlength=self.categories)
        thresholds = special.logit(np.cumsum(counts)[:-1] / counts.sum())
        return np.concatenate([thresholds[:1], np.log(np.diff(thresholds))])

    def thresholds(self, extra: Array) -> Array:
        """Return τ, given the parameters."""
        return np.cumsum(np.concatenate([extra[:1], np.exp(extra[1:])]))

    def threshold_slopes(self, extra: Array) -> Array:
        """Return ∂τ/∂extra, with shape (thresholds, thresholds)."""
        factors = np.concatenate([[1.0], np.exp(extra[1:])])
        slopes: Array = np.tril(np.ones((self.size, self.size))) * factors
        return slopes

    def rows(self, eta: Array, extra: Array) -> Rows:
        """Evaluate the log of the product in the class docstring, with its derivatives."""
        upper, lower = self._limits(eta, extra)
        above, below = special.expit(upper), special.expit(lower)
        log = special.log_expit(upper) + special.log_expit(-lower) + self._log_gap(eta, extra)
        weight = above * (1 - above) + below * (1 - below)
        return Rows(log, above + below - 1, weight)

    def weight_slope(self, eta: Array, extra: Array) -> Array:
        """Return -(f'(a) + f'(b)), f the logistic density."""
        upper, lower = self._limits(eta, extra)
        return -(_density_slope(upper) + _density_slope(lower))

    def extra_mixed(self, eta: Array, extra: Array) -> Array:
        """Return -f(a) at the upper threshold and -f(b) at the lower, f the logistic density."""
        shares = [special.expit(limit) for limit in self._limits(eta, extra)]
        upper, lower = (share * (1 - share) for share in shares)
        by_threshold = np.zeros((len(eta), self.categories + 1))  # outer thresholds are infinite
        rows = np.arange(len(eta))
        by_threshold[rows, self.codes + 1] = -upper
        by_threshold[rows, self.codes] = -lower
        mixed: Array = by_threshold[:, 1:-1] @ self.threshold_slopes(extra)
        return mixed

    def extra_slope(self, eta: Array, extra: Array, leverage: Array, lift: Array) -> Array:
        """Return the slope by the parameters, through the slopes by each row's two thresholds."""
        # Outer categories have an infinite threshold; its sums are cut off at the end.
        upper, lower = self._limits(eta, extra)
        above, below = special.expit(upper), special.expit(lower)
        closeness = self._closeness(extra)[self.codes]
        by_upper = -2 * (1 - above + closeness) + leverage * _density_slope(upper)
        by_upper += lift * above * (1 - above)
        by_lower = -2 * (-below - closeness) + leverage * _density_slope(lower)
        by_lower += lift * below * (1 - below)
        sums = np.zeros(self.categories + 1)
        sums[1:] += np.bincount(self.codes, by_upper, self.categories)
        sums[:-1] += np.bincount(self.codes, by_lower, self.categories)
        slope: Array = sums[1:-1] @ self.threshold_slopes(extra)
        return slope

    def threshold_scores(self, eta: Array, extra: Array) -> tuple[Array, Array]:
        """Return ∂log/∂τ per row, at the upper and at the lower threshold of its category."""
        upper, lower = self._limits(eta, extra)
        closeness = self._closeness(extra)[self.codes]
        return special.expit(-upper) + closeness, -special.expit(lower) - closeness

    def _limits(self, eta: Array, extra: Array) -> tuple[Array, Array]:
        ends = np.concatenate([[-np.inf], self.thresholds(extra), [np.inf]])
        return _as(ends[self.codes + 1], eta) - eta, _as(ends[self.codes], eta) - eta

    def _log_gap(self, eta: Array, extra: Array) -> Array:
        """Return log(1 - exp(b - a)), 0 for the outer categories."""
        gaps = np.concatenate([[np.inf], np.exp(extra[1:]), [np.inf]])
        return _as(np.log(-np.expm1(-gaps))[self.codes], eta)

    def _closeness(self, extra: Array) -> Array:
        """Return the derivative of `_log_gap` by the upper threshold, per category."""
        with np.errstate(over="ignore"):
            return np.concatenate([[0.0], 1 / np.expm1(np.exp(extra[1:])), [0.0]])


def _density_slope(x: Array) -> Array:
    share = special.expit(x)
    slope: Array = share * (1 - share) * (1 - 2 * share)
    return slope


def _as(values: Array, eta: Array) -> Array:
    """Return values per row, reshaped to broadcast with η (rows, …)."""
    return values.reshape(-1, *(1,) * (eta.ndim - 1))
