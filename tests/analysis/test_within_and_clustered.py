"""The same people several times: conditions within them, and yes-or-no trials."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.clustered import (
    clustered_share,
    equal_odds,
    odds_ratio,
    risk_difference,
)
from analysis.statistics.comparisons.within import friedman, kendalls_w, paired_differences


def wide(seed=0, n=15, shifts=(0, 0.3, 0.9)):
    rng = np.random.default_rng(seed)
    person = rng.normal(0, 2, (n, 1))
    return pd.DataFrame(person + rng.normal(shifts, 1, (n, 3)), columns=["x", "y", "z"])


def test_friedman_is_scipys_and_w_its_share():
    data = wide()
    test = friedman(data)
    expected = stats.friedmanchisquare(data["x"], data["y"], data["z"])
    assert (test.statistic, test.p) == pytest.approx((expected.statistic, expected.pvalue))
    w = kendalls_w(test)
    ranks = data.rank(axis=1).sum()
    assert w.value == pytest.approx(12 * ((ranks - ranks.mean()) ** 2).sum() / (15**2 * (27 - 3)))
    assert w.low < w.value < w.high


def test_pairs_are_paired_t_tests_with_holm_over_the_pairs():
    pairs = paired_differences(wide())
    assert [(pair.condition, pair.reference) for pair in pairs] == [
        ("y", "x"),
        ("z", "x"),
        ("z", "y"),
    ]
    smallest = min(pairs, key=lambda pair: pair.difference.p)
    assert smallest.p_adjusted == pytest.approx(min(1, 3 * smallest.difference.p))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (wide()[["x", "y"]], "three conditions, but the data have 2"),
        (wide(n=2), "three participants"),
        (wide().assign(y=lambda f: f["x"], z=lambda f: f["x"]), "no participant's scores differ"),
    ],
)
def test_friedman_says_what_it_lacks(data, message):
    with pytest.raises(NotEstimableError, match=message):
        friedman(data)


def trials(seed=0, people=25, chance=(0.4, 0.6), spread=0.15):
    rng = np.random.default_rng(seed)
    rows = []
    for arm, mean in zip("ab", chance, strict=True):
        for person in range(people):
            own = np.clip(mean + rng.normal(0, spread), 0.02, 0.98)
            for _ in range(int(rng.integers(3, 13))):
                rows.append((arm, f"{arm}{person}", float(rng.random() < own)))
    return pd.DataFrame(rows, columns=["arm", "participant", "yes"])


def shares(data):
    return [clustered_share(own["yes"], own["participant"]) for _, own in data.groupby("arm")]


def test_the_odds_ratio_and_its_error_are_those_of_gee_with_independence():
    """statsmodels' sandwich has no m/(m-1); with as many participants per arm that is all."""
    data = trials()
    a, b = shares(data)
    design = sm.add_constant((data["arm"] == "b").astype(float))
    fit = sm.GEE(
        data["yes"], design, groups=data["participant"], family=sm.families.Binomial()
    ).fit()
    found = odds_ratio(b, a)
    assert np.log(found.value) == pytest.approx(fit.params.iloc[1])
    error = np.log(found.value) / found.statistic
    assert error == pytest.approx(fit.bse.iloc[1] * np.sqrt(25 / 24), rel=1e-6)


def test_the_risk_difference_is_that_of_the_shares_and_turns_its_sign():
    a, b = shares(trials())
    forth, back = risk_difference(b, a), risk_difference(a, b)
    assert forth.value == pytest.approx(b.share - a.share)
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low))


def test_equal_odds_of_two_arms_is_the_odds_ratios_t_squared():
    a, b = shares(trials())
    test, ratio = equal_odds({"a": a, "b": b}), odds_ratio(b, a)
    assert test.statistic == pytest.approx(ratio.statistic**2)
    assert test.df[1] == pytest.approx(ratio.df)
    assert test.p == pytest.approx(ratio.p)


def test_trials_of_one_person_do_not_count_as_people():
    """Everybody's trials ten times over: the interval must stay, a naive one would shrink."""
    data = trials()
    tenfold = pd.concat([data] * 10)
    once, often = odds_ratio(*shares(data)), odds_ratio(*shares(tenfold))
    assert (often.low, often.high) == pytest.approx((once.low, once.high))


def test_perfect_separation_has_no_odds_ratio_but_a_risk_difference():
    data = trials(chance=(0.4, 0.6))
    data.loc[data["arm"] == "b", "yes"] = 1.0
    a, b = shares(data)
    with pytest.raises(NotEstimableError, match="perfect separation"):
        odds_ratio(b, a)
    with pytest.raises(NotEstimableError, match="perfect separation"):
        equal_odds({"a": a, "b": b})
    assert risk_difference(b, a).value == pytest.approx(1 - a.share)


def test_arms_without_any_variation_have_exact_bounds_and_no_test():
    """Two people who are all alike leave 1 - (.0125)^(1/2) of their population unknown."""
    one = clustered_share(pd.Series([1.0, 1.0]), pd.Series(["x", "y"]))
    other = clustered_share(pd.Series([0.0, 0.0]), pd.Series(["u", "v"]))
    found = risk_difference(one, other)
    unknown = 1 - 0.0125**0.5
    assert (found.value, found.p) == (1.0, None)
    assert found.low == pytest.approx(1 - 2 * unknown)
    assert found.high == 1.0
    with pytest.raises(NotEstimableError, match="perfect separation"):
        odds_ratio(one, other)


def test_the_exact_bounds_keep_their_level_where_arms_can_be_alike_by_chance():
    """Nine of ten people have the share 1, the tenth 0: samples that are all alike still cover."""
    rng = np.random.default_rng(3)
    samples = rng.random((4000, 2, 6)) < 0.9
    alike = samples[samples.all(axis=(1, 2))]
    assert len(alike) > 500
    for shares in np.unique(alike, axis=0):  # equal samples have equal bounds
        arms = [clustered_share(pd.Series(own * 1.0), pd.Series(range(6))) for own in shares]
        found = risk_difference(*arms)
        assert found.low <= 0 <= found.high


def test_a_single_participant_is_no_arm():
    with pytest.raises(NotEstimableError, match="at least 2 participants"):
        clustered_share(pd.Series([1.0, 0.0]), pd.Series(["x", "x"]))
