"""Comparisons over time and with covariates, against R.

The table of 18 participants stands below. HC3 as in sandwich::vcovHC(m, "HC3"), that is
X'X⁻¹ X' diag(e² / (1 - h)²) X X'X⁻¹, given to emmeans as vcov.
"""

import numpy as np
import pandas as pd
import pytest

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.arm_by_time import arm_by_time
from analysis.statistics.comparisons.covariance import fit_covariance, slopes_test
from analysis.statistics.comparisons.two_samples import paired_t
from analysis.statistics.comparisons.within import cohens_dz, wilcoxon

ARMS = ("a", "b", "c")
PRE = [3.2, 4.1, 2.8, 5.0, 4.4, 3.9, 2.9, 3.7, 4.8, 5.1, 3.3, 4.0, 4.6, 3.1, 4.9, 2.7, 4.2, 3.8]
POST = [3.9, 4.3, 3.1, 5.2, 4.1, 4.4, 4.6, 4.2, 6.0, 5.9, 4.9, 4.4, 6.1, 3.6, 5.5, 3.5, 4.1, 4.7]
LAST = [3.5, 4.9, 3.0, 5.6, 4.9, 3.8, 5.6, 4.0, 6.3, 5.2, 5.9, 5.4, 6.6, 3.1, 5.9, 3.9, 4.9, 4.1]
TABLE = pd.DataFrame({"arm": list("aaaaaabbbbbbbccccc"), "pre": PRE, "score": POST, "last": LAST})


def test_an_ancova_has_the_numbers_of_r():
    """m <- lm(post ~ arm + pre); emmeans(m, "arm", vcov. = V), contrasts and Wald's F with V."""
    fit = fit_covariance(TABLE, ARMS, ["pre"])
    test = fit.arm_test()
    assert test.statistic == pytest.approx(5.5813702452997)
    assert (test.df, test.p) == ((2, 14), pytest.approx(0.0165040556446))
    assert fit.adjusted_mean("a").value == pytest.approx(4.18, abs=0.005)
    assert fit.adjusted_mean("b").low == pytest.approx(4.57, abs=0.005)
    assert fit.adjusted_mean("c").high == pytest.approx(4.86, abs=0.005)
    first, second = (fit.contrast({arm: 1, "a": -1}, "difference") for arm in ("b", "c"))
    assert first.value == pytest.approx(0.864027149321)
    assert (first.low, first.high) == pytest.approx((0.308756401765, 1.419297896877))
    assert (second.low, second.high) == pytest.approx((-0.280202778555, 0.764365674482))
    assert first.p == pytest.approx(0.0049, abs=5e-5)
    assert second.p == pytest.approx(0.3370, abs=5e-5)


def test_equal_slopes_are_tested_by_the_interaction():
    """The same for lm(post ~ arm * pre), the last two coefficients."""
    test = slopes_test(TABLE, ARMS, ["pre"], "pre")
    assert test.statistic == pytest.approx(0.0220283487455)
    assert (test.df, test.p) == ((2, 12), pytest.approx(0.9782519641219))


def test_the_order_of_the_arms_changes_no_number():
    first, second = (fit_covariance(TABLE, arms, ["pre"]) for arms in (ARMS, ("c", "a", "b")))
    assert first.arm_test().p == pytest.approx(second.arm_test().p)
    assert first.adjusted_mean("c").low == pytest.approx(second.adjusted_mean("c").low)
    one, other = (
        arm_by_time(TABLE[["pre", "score", "last"]], TABLE["arm"], arms).effects["arm:time"].p
        for arms in (ARMS, ("c", "a", "b"))
    )
    assert one == pytest.approx(other)


def test_a_covariate_of_words_is_averaged_over_its_levels():
    table = TABLE.assign(sex=["w", "m", "m", "w", "m", "w"] * 3)
    fit = fit_covariance(table, ARMS, ["sex"])
    both = [
        fit_covariance(table, ARMS, ["zero_w"]).adjusted_mean("a").value
        for table in [table.assign(zero_w=(table["sex"] == "w") - 0.5)]
    ]
    # With effect codes the mean of two levels is at 0, that is in the middle of both.
    weights = (table["sex"] == "w").mean() - 0.5
    slope = fit_covariance(table.assign(w=table["sex"] == "w").astype({"w": float}), ARMS, ["w"])
    assert fit.arm_test().p == pytest.approx(slope.arm_test().p)
    assert fit.adjusted_mean("a").value == pytest.approx(
        both[0] - weights * slope.beta[-1], abs=1e-9
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pre": 1.0}, "the covariates pre are constant"),
        ({"score": 2.0}, "determine the scores exactly"),
        ({"arm": "a"}, "no participant of b, c"),
    ],
)
def test_an_ancova_that_cannot_be_estimated_names_the_reason(change, reason):
    with pytest.raises(NotEstimableError, match=reason):
        fit_covariance(TABLE.assign(**change), ARMS, ["pre"])


def test_three_times_have_greenhouse_and_geissers_correction_of_r():
    """full <- lm(cbind(pre, post, last) ~ arm); anova(full, update(full, ~ 1), M = ~ time,
    X = ~ 1, idata = data.frame(time = factor(1:3)), test = "Spherical"); contr.sum."""
    found = arm_by_time(TABLE[["pre", "score", "last"]], TABLE["arm"], ARMS)
    assert found.epsilon == pytest.approx(0.7899, abs=5e-5)
    tests = found.effects
    assert tests["arm:time"].statistic == pytest.approx(3.33561, abs=5e-6)
    assert tests["arm:time"].p == pytest.approx(0.03455299333)
    assert tests["arm:time"].df == pytest.approx((4 * found.epsilon, 30 * found.epsilon))
    assert tests["time"].statistic == pytest.approx(18.69591, abs=5e-6)
    assert tests["time"].p == pytest.approx(3.846594638e-05)
    assert tests["arm"].statistic == pytest.approx(2.24686, abs=5e-6)
    assert (tests["arm"].df, tests["arm"].p) == ((2, 15), pytest.approx(0.1401120345))


def test_the_interaction_of_two_times_is_the_test_of_the_changes():
    """anova(lm(post - pre ~ arm)): F = 6.07848, p = .0116567282."""
    test = arm_by_time(TABLE[["pre", "score"]], TABLE["arm"], ARMS).effects["arm:time"]
    assert test.statistic == pytest.approx(6.07848, abs=5e-6)
    assert (test.df, test.p) == ((2, 15), pytest.approx(0.0116567282))


def test_two_times_have_a_difference_and_dz():
    """t.test(post, pre, paired = TRUE): t = 5.084831689, 0.390051076513 to 0.943282256821."""
    difference = paired_t(np.array(POST), np.array(PRE))
    assert difference.statistic == pytest.approx(5.084831689)
    assert (difference.low, difference.high) == pytest.approx((0.390051076513, 0.943282256821))
    dz = cohens_dz(difference)
    assert dz.value == pytest.approx(5.084831689 / 18**0.5)
    assert dz.low < dz.value < dz.high


def test_ranks_of_two_times_are_wilcoxons():
    """wilcox.test(round(post - pre, 10), exact = FALSE), and exact for six without ties."""
    test = wilcoxon(TABLE[["pre", "score"]])
    assert (test.statistic, test.p) == (165.5, pytest.approx(5.29975716168e-04))
    small = [1.1, 2.3, -0.4, 3.2, 0.7, -1.9]
    exact = wilcoxon(pd.DataFrame({"first": 0.0, "second": small}))
    assert (exact.statistic, exact.p) == (16, pytest.approx(0.3125))
    with pytest.raises(NotEstimableError, match="no participant's scores differ"):
        wilcoxon(pd.DataFrame({"first": PRE, "second": PRE}))
