"""Did the arms lose different shares of their participants?"""

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
    """What counts as lost, its share by arm (Wilson's interval), and the test across arms."""

    lost: str
    shares: Mapping[str, Estimate | NotEstimable]
    test: HypothesisTest | NotEstimable


def attrition(
    lost: str, counts: Mapping[str, int], sizes: Mapping[str, int], level: float
) -> Attrition:
    """`counts` of `sizes` participants by arm were lost."""
    shares = {arm: attempt(lost, partial(share, counts[arm], sizes[arm], level)) for arm in sizes}
    return Attrition(lost, shares, attempt(lost, lambda: independence(counts, sizes)))


def share(count: int, size: int, level: float = 0.95) -> Estimate:
    """A proportion with Wilson's interval."""
    if size == 0:
        raise NotEstimableError("nobody was in the arm")
    low, high = proportion_confint(count, size, alpha=1 - level, method="wilson")
    value = count / size
    return Estimate("share", value, min(low, value), max(high, value), level, size, "Wilson")


def independence(counts: Mapping[str, int], sizes: Mapping[str, int]) -> HypothesisTest:
    """Pearson's chi squared; p given both margins, so that it holds for small counts too.

    p is the share of 99,999 tables with the same margins (multivariate hypergeometric, fixed
    seed) whose chi squared is at least as large, the observed table counted in.
    """
    arms = [arm for arm in sizes if sizes[arm] > 0]
    n = np.array([sizes[arm] for arm in arms])
    lost = np.array([counts[arm] for arm in arms])
    if len(arms) < 2:
        raise NotEstimableError("fewer than two arms have participants")
    if lost.sum() in (0, n.sum()):
        raise NotEstimableError("nobody was lost" if lost.sum() == 0 else "everybody was lost")
    drawn = np.random.default_rng(SEED).multivariate_hypergeometric(n, int(lost.sum()), size=DRAWS)
    observed = float(_chi_squared(lost[None, :], n)[0])
    at_least = int((_chi_squared(drawn, n) >= observed * (1 - 1e-12)).sum())
    p = (at_least + 1) / (DRAWS + 1)
    name = "Pearson's chi squared, p by permutation"
    return HypothesisTest(name, "χ²", observed, (float(len(arms) - 1),), p, int(n.sum()))


def _chi_squared(
    lost: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Per row of `lost`, against equal shares: Σ (o - e)² / e over lost and kept."""
    overall = lost.sum(axis=1, keepdims=True) / sizes.sum()
    return np.asarray(
        ((lost - sizes * overall) ** 2 / (sizes * overall * (1 - overall))).sum(axis=1)
    )
