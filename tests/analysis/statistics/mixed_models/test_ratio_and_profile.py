"""Likelihood-ratio tests and profile intervals, against statsmodels and their own definition."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.discrete.discrete_model import Logit

from analysis.errors import NotEstimableError
from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.ordinal import fit_cumulative
from analysis.statistics.mixed_models.profile import profile_interval, sd_interval
from analysis.statistics.mixed_models.ratio import likelihood_ratio
from analysis.statistics.mixed_models.specification import Interaction, MixedModel, Random
from tests.analysis.statistics.mixed_models.data import ARM, CROSSED, POSITION, crossed, model

QUANTILE = stats.chi2.ppf(0.95, 1)
SLOPE = Random("participant", (POSITION,))


@pytest.fixture(scope="module")
def table():
    return crossed(seed=3, participants=60, images=12, sds=(0.8, 0.6, 1.8))


def test_a_fixed_term_is_tested_by_chi_squared(table):
    larger, smaller = (
        fit_linear(table, model(fixed=fixed), reml=False) for fixed in ((ARM, POSITION), (ARM,))
    )
    test = likelihood_ratio(smaller, larger)
    assert (test.symbol, test.df) == ("χ²", (1,))
    assert test.statistic == pytest.approx(2 * (larger.log_likelihood - smaller.log_likelihood))
    assert test.p == pytest.approx(stats.chi2.sf(test.statistic, 1))


def test_without_random_effects_it_is_the_ratio_test_of_statsmodels_logit(table):
    columns = np.column_stack([np.ones(len(table)), table["arm"] == "lime", table["arm"] == "shap"])
    theirs = Logit(table["agreed"], columns.astype(float)).fit(disp=False)
    fits = [fit_logistic(table, model("agreed", fixed=f, random=())) for f in ((), (ARM,))]
    test = likelihood_ratio(*fits)
    assert test.statistic == pytest.approx(theirs.llr, rel=1e-6)
    assert test.p == pytest.approx(theirs.llr_pvalue, rel=1e-4)


@pytest.mark.parametrize("reml", [True, False])
def test_a_variance_is_tested_by_the_mixture_that_knows_it_is_not_negative(table, reml):
    larger, smaller = (
        fit_linear(table, model(random=random), reml=reml) for random in (CROSSED, CROSSED[:1])
    )
    test = likelihood_ratio(smaller, larger)
    assert (test.symbol, test.df) == ("χ̄²", (0, 1))
    assert test.p == pytest.approx(stats.chi2.sf(test.statistic, 1) / 2)


def test_a_correlated_slope_is_tested_by_the_mixture_of_one_and_two_df(table):
    larger = fit_linear(table, model(random=(SLOPE, Random("image"))))
    test = likelihood_ratio(fit_linear(table, model()), larger)
    assert larger.decisions == ()
    assert test.df == (1, 2)
    both = stats.chi2.sf(test.statistic, [1, 2])
    assert test.p == pytest.approx(both.mean())


@pytest.mark.nightly
@pytest.mark.parametrize("tables", [40, pytest.param(200, marks=pytest.mark.nightly)])
def test_under_the_null_the_mixture_rejects_as_often_as_it_says(tables):
    """Tables without an image effect: p ≤ .5 whenever the variance is above zero at all."""
    ps = []
    for seed in range(tables):
        table = crossed(seed, participants=12, images=8, sds=(0.8, 0.0, 0.0))
        larger = fit_linear(table, model(fixed=(), random=CROSSED))
        smaller = fit_linear(table, model(fixed=(), random=CROSSED[:1]))
        if not larger.decisions:
            ps.append(likelihood_ratio(smaller, larger).p)
    assert max(ps) <= 0.5
    assert 0.01 <= np.mean(np.less(ps, 0.1)) * len(ps) / tables <= 0.17


@pytest.mark.parametrize(
    ("smaller", "larger", "reml", "message"),
    [
        ({"fixed": (ARM,)}, {}, True, "reml=False"),
        ({"random": (Random("image"),)}, {"random": CROSSED[:1]}, False, "lacks"),
        ({"fixed": (POSITION,)}, {"fixed": (ARM,)}, False, "lacks"),
        ({}, {}, False, "no additional parameter"),
        ({"random": ()}, {}, False, "one random effect at a time"),
        ({"fixed": (ARM,), "random": CROSSED[:1]}, {}, False, "one random effect at a time"),
    ],
)
def test_fits_that_are_not_nested_one_step_apart_are_refused(table, smaller, larger, reml, message):
    fits = [fit_linear(table, model(**changes), reml=reml) for changes in (smaller, larger)]
    with pytest.raises(NotEstimableError, match=message):
        likelihood_ratio(*fits)


def test_fits_of_other_rows_or_by_other_methods_are_refused(table):
    larger = fit_linear(table, model(), reml=False)
    with pytest.raises(NotEstimableError, match="needs the same outcome and rows"):
        likelihood_ratio(fit_linear(table.iloc[1:], model(fixed=(ARM,)), reml=False), larger)
    small, large = (
        model("agreed", fixed=(ARM,), random=CROSSED[:1]),
        model("agreed", random=CROSSED[:1]),
    )
    with pytest.raises(NotEstimableError, match="cannot be compared"):
        likelihood_ratio(fit_logistic(table, small), fit_logistic(table, large, points=5))


def test_the_profile_of_a_linear_model_without_random_effects_is_known(table):
    """Deviance n log(RSS): it rises by q where t² = (exp(q/n) - 1) (n - p)."""
    fit = fit_linear(table, model(random=()), reml=False)
    n, p = fit.rows, 4
    # Standard errors here divide by n, as ML does.
    half = np.sqrt((np.exp(QUANTILE / n) - 1) * n) * fit.standard_errors["position"]
    interval = profile_interval(fit, "position")
    assert interval.low == pytest.approx(interval.value - half, rel=1e-3)
    assert interval.high == pytest.approx(interval.value + half, rel=1e-3)
    assert p == len(fit.names)


FITS = [
    lambda table: fit_linear(table, model(), reml=False),
    lambda table: fit_logistic(table, model("agreed")),
    lambda table: fit_logistic(table, model("agreed", random=CROSSED[:1]), points=7),
    lambda table: fit_cumulative(table, model("rating")),
]


@pytest.mark.parametrize(
    "fit",
    [
        pytest.param(
            fit, id=name, marks=[pytest.mark.nightly] * (name in {"quadrature", "ordinal"})
        )
        for fit, name in zip(FITS, ["linear", "logistic", "quadrature", "ordinal"], strict=True)
    ],
)
def test_with_many_rows_profile_and_wald_intervals_are_close(table, fit):
    fitted = fit(table)
    wald, profile = fitted.coefficients["position"], profile_interval(fitted, "position")
    width = wald.high - wald.low
    assert profile.low == pytest.approx(wald.low, abs=0.05 * width)
    assert profile.high == pytest.approx(wald.high, abs=0.05 * width)
    assert profile.method == "profile likelihood"
    assert profile.low != wald.low


def test_zero_is_at_the_profiles_limit_exactly_when_the_ratio_test_says_so(table):
    """The level at which the interval ends at zero is 1 - p of the likelihood ratio."""
    small = table.groupby("arm").head(60)
    spec = MixedModel("agreed", (POSITION,), CROSSED[:1])
    without = fit_logistic(small, MixedModel("agreed", (), CROSSED[:1]))
    p = likelihood_ratio(without, fit_logistic(small, spec)).p
    interval = profile_interval(fit_logistic(small, spec, level=1 - p), "position")
    nearest = min(abs(interval.low), abs(interval.high))
    assert nearest == pytest.approx(0, abs=2e-3 * (interval.high - interval.low))


def test_a_profile_of_a_restricted_likelihood_is_refused(table):
    with pytest.raises(NotEstimableError, match="reml=False"):
        profile_interval(fit_linear(table, model()), "position")
    with pytest.raises(ValueError, match="no coefficient"):
        profile_interval(fit_linear(table, model(), reml=False), "arm")


def test_correlations_alone_are_tested_by_chi_squared(table):
    fits = [
        fit_linear(
            table, model(random=(Random("participant", (POSITION,), correlated=c), Random("image")))
        )
        for c in (False, True)
    ]
    test = likelihood_ratio(*fits)
    assert (test.symbol, test.df) == ("χ²", (1,))


def test_an_interaction_is_tested_with_all_its_columns(table):
    more = (ARM, POSITION, Interaction((ARM, POSITION)))
    fits = [fit_logistic(table, model("agreed", fixed=f)) for f in ((ARM, POSITION), more)]
    assert likelihood_ratio(*fits).df == (2,)


def test_profile_intervals_of_penicillin_are_those_of_lme4(shared_dir):
    """confint(profile(lmer(…, REML = FALSE))) in the book on lme4, chapter 2."""
    data = pd.read_csv(shared_dir / "known-answers" / "lme4_Penicillin.csv")
    spec = MixedModel("diameter", (), (Random("plate"), Random("sample")))
    fit = fit_linear(data, spec, reml=False)
    plate, sample = sd_interval(fit, "plate"), sd_interval(fit, "sample")
    mean = profile_interval(fit, "intercept")
    assert (plate.low, plate.high) == pytest.approx((0.6335658, 1.1821040), rel=1e-3)
    assert (sample.low, sample.high) == pytest.approx((1.0957893, 3.5562919), rel=1e-3)
    assert (mean.low, mean.high) == pytest.approx((21.2666274, 24.6778176), rel=1e-4)
    assert (plate.n, sample.n) == (24, 6)


def test_the_interval_of_an_sd_starts_at_zero_exactly_when_zero_is_not_rejected():
    """The data decide: the same images' SD, at levels on both sides of the ratio test's p."""
    table = crossed(seed=6, participants=20, images=8, sds=(0.8, 0.35, 0.0))
    for fit in (fit_linear, fit_logistic):
        outcome = "trust" if fit is fit_linear else "agreed"
        full, less = (fit(table, model(outcome, random=r)) for r in (CROSSED, CROSSED[:1]))
        p = 2 * likelihood_ratio(less, full).p  # that of χ² with one df
        strict = fit(table, model(outcome), level=min(0.999, 1 - p / 2))
        loose = fit(table, model(outcome), level=1 - min(0.9, p * 1.2))
        assert sd_interval(strict, "image").low == 0
        assert sd_interval(loose, "image").low > 0


def test_an_sd_by_quadrature_has_an_interval_too(table):
    fit = fit_logistic(table, model("agreed", random=CROSSED[:1]), points=5)
    sd = sd_interval(fit, "participant")
    assert 0 < sd.low < sd.value < sd.high < 3


def test_an_interval_of_an_sd_needs_an_intercept_alone(table):
    fit = fit_linear(table, model(random=(SLOPE, Random("image"))))
    with pytest.raises(NotEstimableError, match="participant has slopes"):
        sd_interval(fit, "participant")
    with pytest.raises(ValueError, match="no random factor 'rater'"):
        sd_interval(fit, "rater")
    assert sd_interval(fit, "image").low > 0
