"""Analysis of variance of two factors that both vary within participants."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.arm_by_time import Matrix, contrasts_of, effect_test
from analysis.statistics.comparisons.two_factors import EFFECTS
from analysis.statistics.estimate import HypothesisTest, NotEstimable, attempt


@dataclass(frozen=True)
class TwoWithin:
    """Tests of EFFECTS, and Greenhouse and Geisser's ε of each, which is 1 for one df."""

    effects: Mapping[str, HypothesisTest | NotEstimable]
    epsilons: Mapping[str, float]


def two_within(cells: pd.DataFrame) -> TwoWithin:
    """Return the univariate tests of two crossed within-subjects factors and their interaction.

    The columns of `cells` (participants, cells) are pairs (level of a, level of b), and no cell is
    missing. Each effect has its own error term, as in R's anova.mlm with test = "Spherical", and
    both degrees of freedom are multiplied by the effect's ε (Greenhouse & Geisser, 1959). Raises
    NotEstimableError if a combination of levels or a second participant is lacking.
    """
    a, b = (list(dict.fromkeys(cells.columns.get_level_values(place))) for place in (0, 1))
    lacking = [f"{first} × {second}" for first in a for second in b if (first, second) not in cells]
    if lacking:
        raise NotEstimableError(f"nobody has a score in {', '.join(lacking)}")
    if min(len(a), len(b)) < 2:
        raise NotEstimableError("at least 2 levels of both factors are needed")
    if len(cells) < 2:
        raise NotEstimableError(
            f"at least 2 participants with all cells are needed, but there are {len(cells)}"
        )
    scores = cells[[(first, second) for first in a for second in b]].to_numpy(float)
    mean_of_a, mean_of_b = (np.full((len(one), 1), len(one) ** -0.5) for one in (a, b))
    within = {
        "a": np.kron(contrasts_of(len(a)), mean_of_b),
        "b": np.kron(mean_of_a, contrasts_of(len(b))),
        "a:b": np.kron(contrasts_of(len(a)), contrasts_of(len(b))),
    }
    beta = scores.mean(axis=0, keepdims=True)
    residuals = scores - beta
    epsilons = {name: greenhouse_geisser(residuals @ within[name]) for name in EFFECTS}
    tests = {
        name: attempt(name, partial(_tested, name, within[name], beta, residuals, epsilons[name]))
        for name in EFFECTS
    }
    return TwoWithin(tests, epsilons)


def greenhouse_geisser(residuals: Matrix) -> float:
    """Return ε from residuals (participants, orthonormal contrasts); 1 if they do not vary."""
    error = residuals.T @ residuals
    square = float(np.trace(error @ error))
    return float(np.trace(error) ** 2 / (len(error) * square)) if square else 1.0


def _tested(
    name: str, within: Matrix, beta: Matrix, residuals: Matrix, epsilon: float
) -> HypothesisTest:
    n = len(residuals)
    # Relative to the scores, so that rounding of constant differences does not count as variance.
    if float(((residuals @ within) ** 2).sum()) <= 1e-20 * max(1.0, n * float((beta**2).sum())):
        raise NotEstimableError("the effect does not vary between the participants")
    one = np.ones((1, 1))
    return effect_test(name, one, within, beta, one / n, residuals, n - 1, epsilon)
