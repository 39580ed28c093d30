"""Likelihoods of single answers, with the derivatives that Laplace's method needs.

Every family is log-concave in the linear predictor η, so the random effects have one mode.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from analysis.statistics.mixed_models.arrays import Array, Codes


@dataclass(frozen=True)
class Rows:
    """Per row: log likelihood, its first derivative by η, and `weight`, minus the second."""

    log: Array
    first: Array
    weight: Array


class Family(Protocol):
    """A likelihood with parameters of its own (`own`, the thresholds) besides η."""

    @property
    def size(self) -> int:
        """How many own parameters there are."""
        ...

    def start(self) -> Array:
        """Own parameters to begin with."""
        ...

    def rows(self, eta: Array, own: Array) -> Rows:
        """At η (rows, …); further axes are taken element by element."""
        ...

    def weight_slope(self, eta: Array, own: Array) -> Array:
        """Derivative of the weight by η."""
        ...

    def own_mixed(self, eta: Array, own: Array) -> Array:
        """-∂first/∂own (rows, size): what the weight is for η."""
        ...

    def own_slope(self, eta: Array, own: Array, leverage: Array, lift: Array) -> Array:
        """Σ over rows of -2 ∂log/∂own + leverage ∂weight/∂own + lift ∂first/∂own."""
        ...


@dataclass(frozen=True)
class Binomial:
    """`successes` among `trials` (rows,), logit link; no own parameters."""

    successes: Array
    trials: Array

    @property
    def size(self) -> int:
        """None."""
        return 0

    def start(self) -> Array:
        """None."""
        return np.zeros(0)

    def rows(self, eta: Array, own: Array) -> Rows:
        """log C(m, y) + y η - m log(1 + exp η)."""
        y, m = _as(self.successes, eta), _as(self.trials, eta)
        share = special.expit(eta)
        log = y * eta - m * np.logaddexp(0, eta) + self._constant(eta)
        return Rows(log, y - m * share, m * share * (1 - share))

    def weight_slope(self, eta: Array, own: Array) -> Array:
        """m μ (1 - μ) (1 - 2μ)."""
        share = special.expit(eta)
        slope: Array = _as(self.trials, eta) * share * (1 - share) * (1 - 2 * share)
        return slope

    def own_mixed(self, eta: Array, own: Array) -> Array:
        """No columns."""
        return np.zeros((len(eta), 0))

    def own_slope(self, eta: Array, own: Array, leverage: Array, lift: Array) -> Array:
        """Empty."""
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

    With a = τ_j - η and b = τ_{j-1} - η, F(a) - F(b) = F(a) (1 - F(b)) (1 - exp(b - a)), and only
    the first two factors know η. Own parameters: τ_1 and the logs of the gaps between thresholds.
    """

    codes: Codes
    categories: int

    @property
    def size(self) -> int:
        """The number of thresholds."""
        return self.categories - 1

    def start(self) -> Array:
        """Those of the categories' shares."""
        counts = np.bincount(self.codes, minlength=self.categories)
        thresholds = special.logit(np.cumsum(counts)[:-1] / counts.sum())
        return np.concatenate([thresholds[:1], np.log(np.diff(thresholds))])

    def thresholds(self, own: Array) -> Array:
        """τ from the own parameters."""
        return np.cumsum(np.concatenate([own[:1], np.exp(own[1:])]))

    def threshold_slopes(self, own: Array) -> Array:
        """∂τ/∂own, (k-1, k-1)."""
        factors = np.concatenate([[1.0], np.exp(own[1:])])
        slopes: Array = np.tril(np.ones((self.size, self.size))) * factors
        return slopes

    def rows(self, eta: Array, own: Array) -> Rows:
        """See the class."""
        upper, lower = self._limits(eta, own)
        above, below = special.expit(upper), special.expit(lower)
        log = special.log_expit(upper) + special.log_expit(-lower) + self._log_gap(eta, own)
        weight = above * (1 - above) + below * (1 - below)
        return Rows(log, above + below - 1, weight)

    def weight_slope(self, eta: Array, own: Array) -> Array:
        """-(f'(a) + f'(b)), f the logistic density."""
        upper, lower = self._limits(eta, own)
        return -(_density_slope(upper) + _density_slope(lower))

    def own_mixed(self, eta: Array, own: Array) -> Array:
        """-f(a) at the upper threshold, -f(b) at the lower one, f the logistic density."""
        shares = [special.expit(limit) for limit in self._limits(eta, own)]
        upper, lower = (share * (1 - share) for share in shares)
        by_threshold = np.zeros((len(eta), self.categories + 1))  # the outer two are infinite
        rows = np.arange(len(eta))
        by_threshold[rows, self.codes + 1] = -upper
        by_threshold[rows, self.codes] = -lower
        mixed: Array = by_threshold[:, 1:-1] @ self.threshold_slopes(own)
        return mixed

    def own_slope(self, eta: Array, own: Array, leverage: Array, lift: Array) -> Array:
        """By τ first, row by row at its upper and lower threshold, then by the own parameters."""
        upper, lower = self._limits(eta, own)
        above, below = special.expit(upper), special.expit(lower)
        closeness = self._closeness(own)[self.codes]
        by_upper = -2 * (1 - above + closeness) + leverage * _density_slope(upper)
        by_upper += lift * above * (1 - above)
        by_lower = -2 * (-below - closeness) + leverage * _density_slope(lower)
        by_lower += lift * below * (1 - below)
        sums = np.zeros(self.categories + 1)
        sums[1:] += np.bincount(self.codes, by_upper, self.categories)
        sums[:-1] += np.bincount(self.codes, by_lower, self.categories)
        slope: Array = sums[1:-1] @ self.threshold_slopes(own)
        return slope

    def _limits(self, eta: Array, own: Array) -> tuple[Array, Array]:
        ends = np.concatenate([[-np.inf], self.thresholds(own), [np.inf]])
        return _as(ends[self.codes + 1], eta) - eta, _as(ends[self.codes], eta) - eta

    def _log_gap(self, eta: Array, own: Array) -> Array:
        """log(1 - exp(b - a)), 0 for the outer categories."""
        gaps = np.concatenate([[np.inf], np.exp(own[1:]), [np.inf]])
        return _as(np.log(-np.expm1(-gaps))[self.codes], eta)

    def _closeness(self, own: Array) -> Array:
        """Derivative of `_log_gap` by the upper threshold, per category."""
        with np.errstate(over="ignore"):
            return np.concatenate([[0.0], 1 / np.expm1(np.exp(own[1:])), [0.0]])


def _density_slope(x: Array) -> Array:
    share = special.expit(x)
    slope: Array = share * (1 - share) * (1 - 2 * share)
    return slope


def _as(values: Array, eta: Array) -> Array:
    """Values per row, shaped to go with η (rows, …)."""
    return values.reshape(-1, *(1,) * (eta.ndim - 1))
