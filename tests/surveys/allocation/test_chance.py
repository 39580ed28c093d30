"""Nothing in the lists can be foretold: tests of randomness over many fixed seeds.

With fixed seeds each test gives the same p every time; the bounds are far below it.
"""

import itertools
from collections import Counter

import pytest
from scipy.stats import chisquare, kstest, norm

from tests.surveys.allocation.lists import ARMS, arms_of, scheme

METHODS = ["permuted_blocks", "minimisation"]


@pytest.mark.nightly
@pytest.mark.parametrize("method", METHODS)
def test_each_arm_is_first_second_and_so_on_equally_often(method):
    lists = [arms_of(scheme(ARMS, method=method, seed=seed), 10) for seed in range(350)]
    for place in range(10):
        counts = Counter(arms[place] for arms in lists)
        assert chisquare([counts[arm] for arm in ARMS]).pvalue > 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_which_arm_follows_which_favours_no_pair(method):
    pairs = Counter()
    for seed in range(60):
        arms = arms_of(scheme("abcd", method=method, seed=seed), 100)
        pairs.update((a, b) for a, b in itertools.pairwise(arms) if a != b)
    assert chisquare([pairs[a, b] for a in "abcd" for b in "abcd" if a != b]).pvalue > 1e-4


@pytest.mark.nightly
def test_runs_are_neither_too_many_nor_too_few():
    """Wald and Wolfowitz's test on the order of the blocks' first arms, which are independent."""
    values = [runs_p(first_arms(seed)) for seed in range(50)]
    assert kstest(values, "uniform").pvalue > 1e-4
    assert min(values) > 1e-5


def test_the_runs_test_would_find_a_list_that_alternates_or_sticks():
    assert runs_p(list("ab" * 40)) < 1e-10
    assert runs_p(list("a" * 40 + "b" * 40)) < 1e-10


def first_arms(seed: int) -> list[str]:
    """The first arm of each of 100 blocks of one size."""
    return arms_of(scheme("ab", seed=seed, multiples=[1]), 200)[::2]


def runs_p(values: list[str]) -> float:
    """Two-sided p of the number of runs, by the normal approximation."""
    first, second = (values.count(arm) for arm in "ab")
    runs = 1 + sum(a != b for a, b in itertools.pairwise(values))
    total, product = first + second, 2 * first * second
    expected = 1 + product / total
    variance = product * (product - total) / (total**2 * (total - 1))
    return float(2 * norm.sf(abs(runs - expected) / variance**0.5))
