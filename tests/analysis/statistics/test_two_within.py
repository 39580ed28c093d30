"""Two factors within participants: R's anova.mlm, and what cannot be tested."""

import numpy as np
import pandas as pd
import pytest

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.two_within import two_within
from analysis.statistics.estimate import NotEstimable

SCORES = [
    [3, 4, 5, 4, 6, 7],
    [2, 4, 4, 3, 5, 8],
    [5, 5, 6, 4, 7, 7],
    [1, 3, 2, 2, 4, 6],
    [4, 6, 5, 5, 5, 9],
    [3, 3, 4, 2, 6, 5],
]
CELLS = pd.MultiIndex.from_product([["low", "high"], ["one", "two", "three"]])


def cells(scores: list[list[float]] = SCORES) -> pd.DataFrame:
    return pd.DataFrame(np.array(scores, float), columns=CELLS)


def test_effects_equal_those_of_r():
    """R: fit <- lm(y ~ 1), anova(fit, lm(y ~ 0), M = …, X = …, idata, test = "Spherical")."""
    found = two_within(cells())
    expected = {
        "a": (42.25, 1.0, 0.0012866531004),
        "b": (70.0, 0.848, 7.38015162322e-06),
        "a:b": (3.81443, 0.5428, 0.10267065643),
    }
    for name, (statistic, epsilon, p) in expected.items():
        test = found.effects[name]
        assert test.statistic == pytest.approx(statistic, rel=1e-5)
        assert found.epsilons[name] == pytest.approx(epsilon, abs=5e-5)
        assert test.p == pytest.approx(p, rel=1e-9)
    assert found.effects["a:b"].df == pytest.approx((2 * 0.5428, 10 * 0.5428), abs=5e-4)


def test_the_order_of_the_cells_changes_nothing():
    found, turned = two_within(cells()), two_within(cells()[CELLS[::-1]])
    for name, test in found.effects.items():
        assert turned.effects[name].statistic == pytest.approx(test.statistic)


def test_an_effect_that_does_not_vary_has_no_test_and_leaves_the_others_theirs():
    steady = [[row[0], row[1], row[2], row[0] + 1, row[1] + 1, row[2] + 1] for row in SCORES]
    found = two_within(cells(steady))
    assert isinstance(found.effects["a"], NotEstimable)
    assert not isinstance(found.effects["b"], NotEstimable)


def test_a_missing_combination_is_named():
    with pytest.raises(NotEstimableError, match="nobody has a score in high × three"):
        two_within(cells()[CELLS[:-1]])
    with pytest.raises(NotEstimableError, match="at least 2 participants"):
        two_within(cells().head(1))
