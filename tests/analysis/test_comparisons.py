"""Omnibus tests and pairs of arms: against the libraries, and where there is nothing to test."""

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.dunnett import within
from analysis.statistics.comparisons.omnibus import classical_f, kruskal_wallis, welch_anova
from analysis.statistics.comparisons.pairwise import games_howell
from analysis.statistics.comparisons.studentized_range import critical_range, range_sf
from analysis.statistics.comparisons.two_samples import paired_t, welch_t
from analysis.statistics.estimate import LabelledGroups, NotEstimable

OMNIBUS = [classical_f, welch_anova, kruskal_wallis]


def arms(seed=0, sizes=(12, 15, 20), means=(3, 3.5, 4.5), sds=(0.5, 1, 2)):
    rng = np.random.default_rng(seed)
    return {
        name: rng.normal(mean, sd, size)
        for name, size, mean, sd in zip("abc", sizes, means, sds, strict=True)
    }


@pytest.mark.parametrize("test", OMNIBUS)
def test_renaming_and_reordering_arms_changes_no_omnibus_test(test):
    groups = arms()
    renamed = {"z": groups["c"], "x": groups["a"], "y": groups["b"]}
    assert test(renamed).statistic == pytest.approx(test(groups).statistic, rel=1e-12)
    assert test(renamed).p == pytest.approx(test(groups).p, rel=1e-9)


def test_welch_with_two_arms_is_welch_t_squared():
    groups = {name: scores for name, scores in arms().items() if name != "c"}
    t = welch_t(groups["a"], groups["b"])
    test = welch_anova(groups)
    assert test.statistic == pytest.approx(t.statistic**2)
    assert test.df == pytest.approx((1, t.df))
    assert test.p == pytest.approx(t.p)


def test_welch_p_belongs_to_the_printed_statistic_and_degrees_of_freedom():
    test = welch_anova(arms())
    assert stats.f.sf(test.statistic, *test.df) == pytest.approx(test.p, rel=1e-9)


@pytest.mark.nightly
def test_games_howell_equals_scipy_in_difference_interval_and_p():
    groups = arms()
    expected = stats.tukey_hsd(*groups.values(), equal_var=False)
    interval = expected.confidence_interval(0.95)
    place = {name: index for index, name in enumerate(groups)}
    pairs = games_howell(groups)
    assert len(pairs) == 3
    for pair in pairs:
        i, j = place[pair.arm], place[pair.reference]
        assert pair.difference.value == pytest.approx(expected.statistic[i, j])
        assert pair.difference.low == pytest.approx(interval.low[i, j], rel=1e-7)
        assert pair.difference.high == pytest.approx(interval.high[i, j], rel=1e-7)
        assert pair.difference.p == pytest.approx(expected.pvalue[i, j], abs=1e-9)


def test_games_howell_equals_pingouin_in_p_and_degrees_of_freedom():
    groups = arms(seed=5)
    rows = [(name, score) for name, scores in groups.items() for score in scores]
    expected = pingouin.pairwise_gameshowell(
        pd.DataFrame(rows, columns=["arm", "score"]), dv="score", between="arm"
    ).set_index(["A", "B"])
    for pair in games_howell(groups):
        row = expected.loc[(pair.reference, pair.arm)]
        assert pair.difference.df == pytest.approx(row["df"])
        assert pair.difference.p == pytest.approx(row["pval"], abs=1e-6)


@pytest.mark.parametrize(("k", "df"), [(2, 1.0), (3, 2.5), (7, 37.7), (12, 500.0)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.9995])
def test_the_critical_range_is_the_quantile_of_the_studentised_range(k, df, level):
    quantile = critical_range(level, k, df)
    assert stats.studentized_range.cdf(quantile, k, df) == pytest.approx(level, abs=1e-9)


@pytest.mark.parametrize(
    ("q", "k", "df"),
    [(0.05, 4, 1.0), (7.5, 6, 1.2), (3.5, 3, 28.3), (4.2, 7, 35.2), (2.0, 20, 4.5), (5.0, 2, 3e4)],
)
def test_the_studentised_range_is_that_of_scipy(q, k, df):
    expected = stats.studentized_range.sf(q, k, df)
    assert range_sf(q, k, df) == pytest.approx(expected, abs=1e-10)


def test_the_studentised_range_keeps_its_digits_where_scipys_has_none():
    # Of two means it is √2 |t|, whose tail scipy gives with all digits.
    for q, df in ((9.0, 40.0), (20.0, 12.5), (30.0, 200.0)):
        assert range_sf(q, 2, df) == pytest.approx(2 * stats.t.sf(q / np.sqrt(2), df), rel=1e-12)
    # mpmath 1.3, 25 digits, by the two integrals: q = 3.5 of three means with df = 28.3
    assert range_sf(3.5, 3, 28.3) == pytest.approx(0.04978693046340857, rel=1e-14)
    assert range_sf(0.0, 3, 10.0) == 1.0


def test_a_paired_test_of_unequal_lengths_is_refused():
    with pytest.raises(ValueError, match="same length, but have 3 and 2"):
        paired_t(np.array([1.0, 2, 3]), np.array([1.0, 2]))


@pytest.mark.parametrize("test", [*OMNIBUS, games_howell])
def test_an_arm_with_one_score_is_named_and_no_number_given(test):
    groups = arms() | {"lonely": np.array([4.0])}
    with pytest.raises(NotEstimableError, match=r"at least 2 scores .* lonely has 1"):
        test(groups)
    labelled = LabelledGroups(groups, {arm: arm for arm in groups} | {"lonely": "No map"})
    with pytest.raises(NotEstimableError, match=r"at least 2 scores .* “No map” has 1"):
        test(labelled)


@pytest.mark.parametrize("test", OMNIBUS)
def test_a_constant_outcome_is_not_tested(test):
    with pytest.raises(NotEstimableError, match="all 10 scores equal 3"):
        test({"a": np.full(5, 3.0), "b": np.full(5, 3.0)})


def test_welch_refuses_an_arm_without_spread_where_kruskal_wallis_goes_on():
    groups = arms() | {"flat": np.full(8, 3.0)}
    with pytest.raises(NotEstimableError, match="all 8 scores of flat equal 3"):
        welch_anova(groups)
    assert 0 < kruskal_wallis(groups).p < 1


def test_two_flat_arms_make_one_pair_without_a_number_and_leave_the_others():
    groups = {"a": np.full(5, 3.0), "b": np.full(5, 4.0), "c": np.arange(5.0)}
    found = {(pair.reference, pair.arm): pair.difference for pair in games_howell(groups)}
    assert isinstance(found[("a", "b")], NotEstimable)
    assert found[("a", "c")].low < found[("a", "c")].high


def test_dunnetts_distribution_is_that_of_r_where_an_arm_does_not_vary():
    """R: l <- c(1, .6, .5); R <- l %o% l; diag(R) <- 1; pmvt(rep(-2, 3), rep(2, 3), df = 10, R)."""
    loadings = np.array([1.0, 0.6, 0.5])
    assert within(2.0, loadings, 10.0) == pytest.approx(0.8293919, abs=1e-5)
    both = within(2.0, np.array([1.0, 1.0]), 10.0)  # the same t twice: R's 1 - 2 * pt(-2, 10)
    assert both == pytest.approx(0.926612, abs=1e-5)
