"""Kenward and Roger's covariance and df, against R's pbkrtest 0.5.2.

Every model was fitted by lmer with nloptwrap's tolerances at 1e-12, and tested by
anova(m, ddf = "Kenward-Roger") and summary(m, ddf = "Kenward-Roger") with
options(contrasts = c("contr.sum", "contr.poly")).
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import NotEstimableError
from analysis.statistics.mixed_models import kenward_roger
from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Numeric, Random
from tests.analysis.statistics.mixed_models.data import ARM, CROSSED, crossed, model


def fit(table, spec):
    return fit_linear(table, spec, df_method="kenward_roger")


def check(fitted, coefficients, test):
    """Compare with R: per coefficient the standard error, df and p; then ddf, F and p of a term."""
    for name, (error, df, p) in coefficients.items():
        estimate = fitted.coefficients[name]
        assert fitted.standard_errors[name] == pytest.approx(error, rel=1e-6)
        assert estimate.df == pytest.approx(df, rel=1e-6)
        assert estimate.p == pytest.approx(p, rel=1e-5)
    own = fitted.type_three()[0]
    assert (own.df[1], own.statistic, own.p) == pytest.approx(test, rel=1e-5)
    assert own.df_method == "Kenward-Roger"


def test_crossed_and_unbalanced_with_slopes_by_image(shared_dir):
    """lmer(cont ~ cond + (1 | pid) + (1 | img) + (1 | img:cond), data of the case arm-order)."""
    table = pd.read_csv(shared_dir / "cases" / "tables" / "arm-order" / "trials.csv")
    random = (Random("pid"), Random("img"), Random("img", cells=("cond",)))
    fitted = fit(table, MixedModel("cont", (Categorical("cond", coding="sum"),), random))
    expected = {
        "intercept": (0.2557512986, 6.834033913, 5.088407483e-01),
        "cond[ctl]": (0.2158180689, 23.942624287, 1.719679644e-01),
        "cond[lime]": (0.2155731975, 23.862627198, 3.425411511e-05),
        "cond[map]": (0.2263171189, 28.226699895, 3.471579179e-02),
    }
    # F(3, 27.46): 9.734233598 is the mean square; F = 8.8809.
    check(fitted, expected, (27.45583692, 8.8809015, 0.00028181))


def test_correlated_slopes_of_sleepstudy(shared_dir):
    """lmer(Reaction ~ Days + (Days | Subject), sleepstudy)."""
    table = pd.read_csv(shared_dir / "known-answers" / "lme4_sleepstudy.csv")
    days = Numeric("Days")
    fitted = fit(table, MixedModel("Reaction", (days,), (Random("Subject", (days,)),)))
    expected = {
        "intercept": (6.8245566, 17.0, 1.17089e-17),
        "Days": (1.5457889, 17.0, 3.263788e-06),
    }
    check(fitted, expected, (17.0, 45.853006, 3.263788e-06))


def test_incomplete_crossing_of_penicillin(shared_dir):
    """arm = factor(c("a", "b", "c"))[as.integer(plate) %% 3 + 1], rows 3, 10, 11, 40, 77 and 100
    removed: lmer(diameter ~ arm + (1 | plate) + (1 | sample))."""
    table = pd.read_csv(shared_dir / "known-answers" / "lme4_Penicillin.csv")
    plates = pd.Index(sorted(table["plate"].unique()))
    table["arm"] = np.array(["a", "b", "c"])[(plates.get_indexer(table["plate"]) + 1) % 3]
    table = table.drop(index=[row - 1 for row in (3, 10, 11, 40, 77, 100)])
    arm = Categorical("arm", coding="sum")
    fitted = fit(table, MixedModel("diameter", (arm,), (Random("plate"), Random("sample"))))
    expected = {
        "intercept": (0.8062660831, 5.461789807, 3.748101581e-07),
        "arm[a]": (0.2464378331, 20.923800457, 2.796783573e-01),
        "arm[b]": (0.2467356923, 21.024276756, 4.752666318e-01),
    }
    check(fitted, expected, (20.99718827, 1.708357, 0.2053967))


def test_a_balanced_split_plot_has_its_classical_f():
    """F(arm) = MS(arm) / MS(participants in arms), df 2 and 27, without any scaling."""
    table = crossed(kept=1.0, images=6)
    spec = model(fixed=(ARM, Categorical("image")), random=CROSSED[:1])
    own, classical = fit(table, spec).type_three()[0], fit_linear(table, spec).type_three()[0]
    assert own.df == pytest.approx((2, 27), rel=1e-6)
    assert own.statistic == pytest.approx(classical.statistic, rel=1e-6)


def test_the_coding_changes_no_test_and_few_participants_cost_power():
    table = crossed(seed=5, participants=12, images=6)
    fits = [
        fit(table, model(fixed=(arm,)))
        for arm in (
            ARM,
            Categorical("arm", coding="sum"),
            Categorical("arm", levels=ARM.levels[::-1]),
        )
    ]
    for other in fits[1:]:
        mine, theirs = fits[0].type_three()[0], other.type_three()[0]
        assert theirs.df == pytest.approx(mine.df, rel=1e-6)
        assert theirs.statistic == pytest.approx(mine.statistic, rel=1e-6)
    plain = fit_linear(table, model(fixed=(ARM,)))
    for name, error in plain.standard_errors.items():
        assert fits[0].standard_errors[name] >= error
    assert fits[0].coefficients["intercept"].method == "Wald t, Kenward-Roger's df"


def test_maximum_likelihood_and_huge_factors_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="needs REML"):
        fit_linear(crossed(), model(), reml=False, df_method="kenward_roger")
    monkeypatch.setattr(kenward_roger, "MOST_EFFECTS", 39)
    with pytest.raises(NotEstimableError, match="dense matrix of 40 random effects"):
        fit(crossed(), model())


def test_a_hypothesis_that_follows_from_others_is_refused():
    fitted = fit(crossed(), model())
    rows = {"a": {"arm[lime]": 1}, "b": {"arm[lime]": 2}}
    with pytest.raises(NotEstimableError, match="follows from the others"):
        fitted.joint_test(rows, "twice")
    assert replace(fitted).method == "REML"
