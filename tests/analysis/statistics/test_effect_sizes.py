"""Effect sizes: their limits do what the docstrings promise."""

import numpy as np
import pytest
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.omnibus import kruskal_wallis, welch_anova
from analysis.statistics.comparisons.two_samples import welch_t
from analysis.statistics.effect_sizes import epsilon_squared, hedges_g, omega_squared


def draw(seed, shift=0.0, arms=4, n=15):
    rng = np.random.default_rng(seed)
    return {str(arm): rng.normal(shift * arm, 1 + arm / 4, n) for arm in range(arms)}


def test_the_interval_of_g_holds_the_deltas_that_make_the_observed_t_extreme():
    rng = np.random.default_rng(2)
    a, b = rng.normal(1, 1, 14), rng.normal(0, 1, 14)
    g = hedges_g(a, b)
    j, root, df = 1 - 3 / (4 * 26 - 1), np.sqrt(2 / 14), 26
    t = stats.ttest_ind(a, b).statistic
    assert g.value == pytest.approx(j * t * root)
    assert stats.nct.cdf(t, df, g.low / j / root) == pytest.approx(0.975)
    assert stats.nct.cdf(t, df, g.high / j / root) == pytest.approx(0.025)


def test_g_turns_its_sign_with_the_arms():
    a, b = np.array([1.0, 2, 3, 5]), np.array([2.0, 6, 7, 8])
    forth, back = hedges_g(a, b), hedges_g(b, a)
    assert (forth.value, forth.low, forth.high) == pytest.approx(
        (-back.value, -back.high, -back.low)
    )


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("seed", range(12))
def test_omega_squared_leaves_out_zero_exactly_when_the_test_is_significant(seed, shift):
    test = welch_anova(draw(seed, shift))
    assert (omega_squared(test, level=0.90).low > 0) == (test.p < 0.05)


def test_omega_squared_follows_its_formula_and_is_never_negative():
    alike = {str(arm): np.arange(10.0) + arm / 100 for arm in range(4)}
    strong, weak = welch_anova(draw(1, 0.8)), welch_anova(alike)
    gain = strong.df[0] * (strong.statistic - 1)
    assert omega_squared(strong).value == pytest.approx(gain / (gain + strong.n))
    assert weak.statistic < 1
    assert omega_squared(weak).value == 0


@pytest.mark.nightly
def test_ninety_percent_intervals_of_both_shares_hold_a_true_zero_about_as_often():
    held = {"omega": 0, "epsilon": 0}
    for seed in range(200):
        rng = np.random.default_rng(seed)
        groups = {str(arm): rng.normal(0, 1, 12) for arm in range(4)}
        held["omega"] += omega_squared(welch_anova(groups)).low == 0
        held["epsilon"] += epsilon_squared(kruskal_wallis(groups)).low == 0
    assert 180 <= held["omega"] <= 199  # one-sided at zero: 95 %
    assert 180 <= held["epsilon"] <= 199


def test_epsilon_squared_is_h_over_n_minus_one_and_the_share_of_rank_variance():
    groups = draw(4, 0.6)
    test = kruskal_wallis(groups)
    ranks = stats.rankdata(np.concatenate(list(groups.values()))).reshape(4, 15)
    between = 15 * ((ranks.mean(axis=1) - ranks.mean()) ** 2).sum()
    epsilon = epsilon_squared(test)
    assert epsilon.value == pytest.approx(test.statistic / 59)
    assert epsilon.value == pytest.approx(between / ((ranks - ranks.mean()) ** 2).sum())
    assert epsilon.low < epsilon.value < epsilon.high


@pytest.mark.parametrize("statistic", [hedges_g, welch_t])
def test_two_flat_arms_have_no_effect_size(statistic):
    with pytest.raises(NotEstimableError, match="do not vary within either"):
        statistic(np.full(4, 2.0), np.full(4, 3.0))
