"""Arms against one reference: Dunnett with unequal variances, planned contrasts, equivalence."""

import numpy as np
import pytest
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.plan.tables import PlannedContrast
from analysis.statistics.comparisons.dunnett import critical_value, dunnett, within
from analysis.statistics.comparisons.equivalence import equivalence, verdict
from analysis.statistics.comparisons.planned import contrast_of_means, planned_contrasts
from analysis.statistics.comparisons.two_samples import welch_t
from analysis.statistics.estimate import NotEstimable
from tests.daily import daily


def arms(seed=0, sizes=(12, 15, 20, 9), sds=(1, 0.5, 1, 2), means=(0, 0, 0, 0)):
    rng = np.random.default_rng(seed)
    draws = zip("abcd", sizes, sds, means, strict=True)
    return {name: rng.normal(mean, sd, n) for name, n, sd, mean in draws}


@pytest.mark.parametrize(
    "df", [pytest.param(df, marks=pytest.mark.nightly) for df in (3.3, 10.0, 41.0, 500.0)]
)
def test_the_joint_probability_is_that_of_the_multivariate_t(df):
    loadings = np.array([0.71, 0.6, 0.5, 0.9])
    correlation = np.outer(loadings, loadings)
    np.fill_diagonal(correlation, 1)
    expected = stats.multivariate_t(shape=correlation, df=df, seed=1).cdf(
        np.full(4, 2.3), lower_limit=np.full(4, -2.3), maxpts=2_000_000
    )
    assert within(2.3, loadings, df) == pytest.approx(expected, abs=3e-5)


def test_with_equal_variances_p_are_those_of_scipys_dunnett():
    """scipy pools the variance; with its t, equal loadings and df the probability must be its."""
    groups = arms(sds=(1, 1, 1, 1), sizes=(10, 12, 14, 9))
    expected = stats.dunnett(*list(groups.values())[1:], control=groups["a"], rng=1)
    loadings = np.array([np.sqrt((1 / 10) / (1 / 10 + 1 / n)) for n in (12, 14, 9)])
    found = [1 - within(abs(t), loadings, 41) for t in expected.statistic]
    assert found == pytest.approx(expected.pvalue, abs=5e-5)


@pytest.mark.parametrize(("arms_compared", "df", "value"), [(2, 20, 2.38), (3, 20, 2.54)])
def test_critical_values_are_those_of_dunnetts_table(arms_compared, df, value):
    """Dunnett (1964), two-sided .05, equal n."""
    loadings = np.full(arms_compared, np.sqrt(0.5))
    assert critical_value(0.95, loadings, df) == pytest.approx(value, abs=0.006)


def test_one_arm_against_the_reference_is_welchs_t():
    groups = {name: scores for name, scores in arms().items() if name in "ad"}
    (pair,) = dunnett(groups, "a")
    welch = welch_t(groups["d"], groups["a"])
    assert pair.difference.p == pytest.approx(welch.p)
    assert (pair.difference.low, pair.difference.high) == pytest.approx((welch.low, welch.high))


@pytest.mark.parametrize("seed", daily(range(6), 2))
def test_intervals_and_p_agree_and_are_wider_than_for_one_arm(seed):
    groups = arms(seed, means=(0, 0.5, 1, 1.5))
    for pair in dunnett(groups, "a"):
        single = welch_t(groups[pair.arm], groups["a"])
        assert pair.difference.p > single.p
        assert pair.difference.low < single.low
        assert (pair.difference.low > 0 or pair.difference.high < 0) == (pair.difference.p < 0.05)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("studies", "fewest", "most"),
    [(100, 1, 10), pytest.param(400, 8, 33, marks=pytest.mark.nightly)],
)
def test_under_the_null_some_arm_is_told_from_the_reference_five_times_in_a_hundred(
    studies, fewest, most
):
    """Very unequal variances and sizes; 100 studies: 5 expected, SD 2.2; 400: 20, SD 4.4."""
    rng = np.random.default_rng(5)
    false = 0
    for _ in range(studies):
        groups = {
            name: rng.normal(0, sd, n)
            for name, sd, n in zip("abcd", (3, 1, 1, 0.5), (10, 30, 20, 40), strict=True)
        }
        variances = {name: scores.var(ddof=1) / len(scores) for name, scores in groups.items()}
        loadings = np.array(
            [np.sqrt(variances["a"] / (variances["a"] + variances[x])) for x in "bcd"]
        )
        t = [welch_t(groups[x], groups["a"]) for x in "bcd"]
        false += min(1 - within(abs(one.statistic), loadings, one.df) for one in t) < 0.05
    assert fewest <= false <= most


def test_two_flat_arms_have_no_difference_and_leave_the_others():
    groups = {"a": np.full(5, 3.0), "b": np.full(5, 4.0), "c": np.arange(5.0)}
    found = {pair.arm: pair.difference for pair in dunnett(groups, "a")}
    assert isinstance(found["b"], NotEstimable)
    assert found["c"].low < found["c"].high


def contrast(**weights):
    return PlannedContrast("k", "K", weights)


def test_a_contrast_of_two_arms_is_welchs_t():
    groups = arms()
    found, welch = contrast_of_means(groups, contrast(a=-1, d=1)), welch_t(groups["d"], groups["a"])
    assert (found.value, found.p, found.df) == pytest.approx((welch.value, welch.p, welch.df))


def test_a_contrast_weighs_means_not_people():
    groups = arms(means=(0, 1, 3, 5))
    found = contrast_of_means(groups, contrast(a=-1, b=0.5, c=0.5))
    expected = (groups["b"].mean() + groups["c"].mean()) / 2 - groups["a"].mean()
    assert found.value == pytest.approx(expected)
    assert found.n == 12 + 15 + 20


def test_planned_contrasts_are_adjusted_among_themselves_and_a_missing_arm_is_named():
    plans = [
        PlannedContrast("one", "One", {"a": -1, "b": 1}),
        PlannedContrast("two", "Two", {"a": -1, "z": 1}),
    ]
    one, two = planned_contrasts(arms(), plans)
    assert one.p_adjusted == pytest.approx(min(1, 2 * one.difference.p))
    assert two.p_adjusted is None
    assert "not measured in z" in two.difference.reason


def test_equivalence_holds_exactly_when_the_narrow_interval_lies_within_the_bounds():
    rng = np.random.default_rng(3)
    verdicts = set()
    for shift in (0, 0.1, 0.3, 0.6):
        for n in (8, 40, 200):
            a, b = rng.normal(shift, 1, n), rng.normal(0, 1.5, n)
            found = equivalence(a, b, 0.5)
            inside = found.difference.low > -0.5 and found.difference.high < 0.5
            assert inside == (found.p < 0.05)
            verdicts.add(inside)
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    ("difference", "equal", "words"),
    [
        (0.01, 0.2, "different"),
        (0.01, 0.01, "different but too small to matter"),
        (0.5, 0.01, "equivalent"),
        (0.5, 0.5, "undecided"),
        (0.05, 0.05, "undecided"),
    ],
)
def test_there_are_four_verdicts(difference, equal, words):
    assert verdict(difference, equal, 0.05) == words


def test_a_smallest_effect_of_nothing_is_refused():
    with pytest.raises(NotEstimableError, match="must be above 0"):
        equivalence(np.arange(5.0), np.arange(6.0), 0)
