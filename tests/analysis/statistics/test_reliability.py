"""Cronbach's alpha and item-rest correlations."""

import numpy as np
import pandas as pd
import pingouin
import pytest

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import NotEstimable
from analysis.statistics.reliability import cronbach_alpha, item_rest_correlations


def items(seed=0, n=40, k=5):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    return pd.DataFrame(common + rng.normal(size=(n, k)), columns=[f"i{j}" for j in range(k)])


@pytest.mark.parametrize("level", [0.90, 0.95])
def test_alpha_and_its_interval_are_those_of_pingouin(level):
    alpha = cronbach_alpha(items(), level=level)
    value, (low, high) = pingouin.cronbach_alpha(items(), ci=level)
    assert alpha.value == pytest.approx(value)
    assert (round(alpha.low, 3), round(alpha.high, 3)) == (low, high)


def test_listwise_alpha_leaves_out_whoever_skipped_an_item_and_says_how_many_remain():
    answers = items()
    answers.iloc[:7, 2] = np.nan
    assert cronbach_alpha(answers).n == 33
    assert cronbach_alpha(answers).value == pytest.approx(cronbach_alpha(answers.iloc[7:]).value)


def test_item_rest_correlation_leaves_the_item_out_of_the_rest():
    answers = items()
    expected = np.corrcoef(answers["i1"], answers.drop(columns="i1").mean(axis=1))[0, 1]
    found = item_rest_correlations(answers)["i1"]
    assert found.value == pytest.approx(expected)
    assert found.low < found.value < found.high


def test_a_single_item_has_neither_alpha_nor_rest():
    with pytest.raises(NotEstimableError, match="needs two items, but the scale has 1"):
        cronbach_alpha(items(k=1))
    assert isinstance(item_rest_correlations(items(k=1))["i0"], NotEstimable)


def test_items_that_never_vary_have_no_alpha():
    with pytest.raises(NotEstimableError, match="does not vary"):
        cronbach_alpha(pd.DataFrame({"a": [3.0] * 9, "b": [4.0] * 9}))


def test_two_people_are_too_few_for_alpha():
    with pytest.raises(NotEstimableError, match="three participants"):
        cronbach_alpha(items().head(2))


def test_items_that_are_copies_have_an_alpha_inside_its_interval():
    for seed in range(50):
        answers = np.random.default_rng(seed).random(12)
        alpha = cronbach_alpha(pd.DataFrame(dict.fromkeys("abcdefg", answers)))
        assert alpha.value == pytest.approx(1)
        assert alpha.low <= alpha.value <= alpha.high
