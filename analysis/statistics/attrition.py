"""The share of participants lost per arm, and a test of equal shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from statsmodels.stats.proportion import proportion_confint

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, attempt

SEED, DRAWS = 20261124, 99_999


@dataclass(frozen=True)
class Attrition:
    """Share of participants lost per arm (Wilson's interval), and the test across arms.

    `lost` describes the event that counts as a loss.
    """

    lost: str
    shares: Mapping[str, Estimate | NotEstimable]
    test: HypothesisTest | NotEstimable


def attrition(
    lost: str, counts: Mapping[str, int], sizes: Mapping[str, int], level: float
) -> Attrition:
    """Return the attrition per arm from the `counts` of participants lost and the arms' `sizes`."""
    shares = {arm: attempt(lost, partial(share, counts[arm], sizes[arm], level)) for arm in sizes}
    return Attrition(lost, shares, attempt(lost, lambda: independence(counts, sizes)))


def share(count: int, size: int, level: float = 0.95) -> Estimate:
    """Return a proportion with Wilson's interval. Raises NotEstimableError if `size` is 0."""
    if size == 0:
        raise NotEstimableError("the arm has no participants")
    low, high = proportion_confint(count, size, alpha=1 - level, method="wilson")
    value = count / size
    return Estimate("share", value, min(low, value), max(high, value), level, size, "Wilson")


def independence(counts: Mapping[str, int], sizes: Mapping[str, int]) -> HypothesisTest:
    """Test equal shares with Pearson's chi squared, conditional on both margins.

    p is the proportion of 99,999 random tables with the observed margins (multivariate
    hypergeometric, fixed seed) whose chi squared is at least as large, counting the observed table.
    It is therefore valid for small counts. Raises NotEstimableError if fewer than two arms have
    participants, or if all or none were lost.
    """
    arms = [arm for arm in sizes if sizes[arm] > 0]
    n = np.array([sizes[arm] for arm in arms])
    lost = np.array([counts[arm] for arm in arms])
    if len(arms) < 2:
        raise NotEstimableError("fewer than two arms have participants")
    if lost.sum() in (0, n.sum()):
        raise NotEstimableError(
            "no participant was lost" if lost.sum() == 0 else "every participant was lost"
        )
    drawn = np.random.default_rng(SEED).multivariate_hypergeometric(n, int(lost.sum()), size=DRAWS)
    observed = float(_chi_squared(lost[None, :], n)[0])
    # The tolerance keeps tables with the observed chi squared from being lost to rounding.
    at_least = int((_chi_squared(drawn, n) >= observed * (1 - 1e-12)).sum())
    p = (at_least + 1) / (DRAWS + 1)
    name = "Pearson's chi squared, p by permutation"
    return HypothesisTest(name, "χ²", observed, (float(len(arms) - 1),), p, int(n.sum()))


def _chi_squared(
    lost: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return Σ (o - e)² / e over lost and retained, given equal shares, for each row of `lost`."""
    overall = lost.sum(axis=1, keepdims=True) / sizes.sum()
    return np.asarray(
        ((lost - sizes * overall) ** 2 / (sizes * overall * (1 - overall))).sum(axis=1)
    )
