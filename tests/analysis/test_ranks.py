"""Two arms by ranks: against scipy, by hand, and where there is nothing to compare."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.ranks import cliffs_delta, mann_whitney, superiority

RATINGS = st.lists(st.integers(1, 5), min_size=4, max_size=15)


def two(seed=0, n=14, m=11):
    rng = np.random.default_rng(seed)
    return rng.integers(1, 6, n).astype(float), rng.integers(2, 7, m).astype(float)


@pytest.mark.parametrize("seed", range(5))
def test_brunner_munzel_is_scipys(seed):
    a, b = two(seed)
    expected = stats.brunnermunzel(a, b)
    found = superiority(a, b)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.statistic == pytest.approx(-expected.statistic)  # ours is of a over b


@pytest.mark.parametrize("seed", range(5))
def test_its_interval_leaves_out_one_half_exactly_when_p_is_below_alpha(seed):
    a, b = two(seed, 40, 40)
    found = superiority(a, b)
    assert (found.low > 0.5 or found.high < 0.5) == (found.p < 0.05)


@settings(max_examples=40, deadline=None)
@given(RATINGS, RATINGS)
def test_superiority_and_delta_count_pairs(a, b):
    a, b = np.array(a, dtype=float), np.array(b, dtype=float)
    wins = np.sign(a[:, None] - b)
    try:
        share, delta = superiority(a, b), cliffs_delta(a, b)
    except NotEstimableError:
        assert abs(wins.mean()) == 1 or np.ptp(np.concatenate([a, b])) == 0
        return
    assert delta.value == pytest.approx(wins.mean())
    assert share.value == pytest.approx((delta.value + 1) / 2)
    assert mann_whitney(a, b).statistic == pytest.approx(share.value * wins.size)


def test_delta_turns_its_sign_with_the_arms():
    a, b = two()
    forth, back = cliffs_delta(a, b), cliffs_delta(b, a)
    assert (forth.value, forth.low, forth.high) == pytest.approx(
        (-back.value, -back.high, -back.low)
    )


def test_u_without_continuity_would_have_another_p():
    a, b = two()
    plain = stats.mannwhitneyu(a, b, method="asymptotic", use_continuity=False).pvalue
    assert mann_whitney(a, b).p > plain


def test_arms_that_do_not_overlap_have_newcombes_interval_and_the_p_of_all_assignments():
    """2 of the 20 assignments of six people to two arms of three are as far apart."""
    low, high = np.array([1.0, 2, 3]), np.array([4.0, 5, 6])
    found = superiority(high, low)
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.p == pytest.approx(2 / 20)
    limit, n, z = found.low, 2.0, 1.959963984540054
    spread = 1 + n * ((1 - limit) / (2 - limit) + limit / (1 + limit))
    assert (1 - limit) * 9 == pytest.approx(z**2 * limit * spread)
    mirrored = superiority(low, high)
    assert (mirrored.value, mirrored.low) == (0.0, 0.0)
    assert mirrored.high == pytest.approx(1 - limit)
    delta = cliffs_delta(high, low)
    assert (delta.value, delta.low) == (1.0, pytest.approx(2 * limit - 1))


@pytest.mark.parametrize("statistic", [superiority, cliffs_delta, mann_whitney])
def test_one_score_or_equal_scores_are_refused(statistic):
    with pytest.raises(NotEstimableError, match="two scores per arm"):
        statistic(np.array([1.0]), np.array([4.0, 5]))
    with pytest.raises(NotEstimableError, match="all 5 scores equal 2"):
        statistic(np.full(2, 2.0), np.full(3, 2.0))
