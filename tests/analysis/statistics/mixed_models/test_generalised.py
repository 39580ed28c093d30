"""Logistic and ordinal models: against libraries and integrals, and what must not matter."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special
from statsmodels.discrete.discrete_model import Logit
from statsmodels.miscmodels.ordinal_model import OrderedModel

from analysis.errors import NotEstimableError
from analysis.statistics.mixed_models.design import build_design
from analysis.statistics.mixed_models.errors import DesignError, SeparationError, SingularFitError
from analysis.statistics.mixed_models.families import Binomial
from analysis.statistics.mixed_models.laplace import LaplaceProblem
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.ordinal import fit_cumulative
from analysis.statistics.mixed_models.quadrature import QuadratureProblem
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Random
from tests.analysis.statistics.mixed_models.data import ARM, ARMS, CROSSED, POSITION, crossed, model
from tests.daily import daily


def fit_agreed(table, **changes):
    return fit_logistic(table, model("agreed", **changes))


def fit_rating(table, **changes):
    return fit_cumulative(table, model("rating", **changes))


BOTH = pytest.mark.parametrize("fit", [fit_agreed, fit_rating])


def matrix(table):
    return np.column_stack([table["arm"] == "lime", table["arm"] == "shap", table["position"]])


@pytest.mark.parametrize("seed", range(3))
def test_without_random_effects_it_is_statsmodels_logit(seed):
    table = crossed(seed)
    theirs = Logit(table["agreed"], np.column_stack([np.ones(len(table)), matrix(table)])).fit(
        disp=False
    )
    fit = fit_agreed(table, random=())
    ours = list(fit.coefficients.values())
    assert [e.value for e in ours] == pytest.approx(list(theirs.params), rel=1e-5)
    assert list(fit.standard_errors.values()) == pytest.approx(list(theirs.bse), rel=1e-4)
    assert [e.p for e in ours] == pytest.approx(list(theirs.pvalues), rel=1e-3)
    assert fit.log_likelihood == pytest.approx(theirs.llf, rel=1e-10)


@pytest.mark.parametrize("seed", daily(range(3), 1))
def test_without_random_effects_it_is_statsmodels_ordered_model(seed):
    table = crossed(seed)
    theirs = OrderedModel(table["rating"], matrix(table).astype(float), distr="logit").fit(
        method="bfgs", disp=False, gtol=1e-8
    )
    fit = fit_rating(table, random=())
    assert [e.value for e in fit.coefficients.values()] == pytest.approx(
        list(theirs.params[:3]), rel=1e-4
    )
    assert list(fit.standard_errors.values()) == pytest.approx(list(theirs.bse[:3]), rel=1e-3)
    cuts = theirs.model.transform_threshold_params(theirs.params)[1:-1]
    assert [e.value for e in fit.thresholds.values()] == pytest.approx(list(cuts), rel=1e-4)
    assert fit.log_likelihood == pytest.approx(theirs.llf, rel=1e-8)


def test_an_ordinal_model_of_two_categories_is_the_logistic_model():
    table = crossed()
    logistic = fit_agreed(table)
    ordinal = fit_cumulative(table, model("agreed"))
    assert ordinal.log_likelihood == pytest.approx(logistic.log_likelihood, rel=1e-8)
    assert ordinal.thresholds["0|1"].value == pytest.approx(
        -logistic.coefficients["intercept"].value, rel=1e-3
    )
    for name, estimate in ordinal.coefficients.items():
        assert estimate.value == pytest.approx(logistic.coefficients[name].value, rel=1e-3)
        assert estimate.low == pytest.approx(logistic.coefficients[name].low, rel=1e-2)


def test_successes_among_trials_are_the_same_as_their_rows():
    table = crossed(kept=1.0)
    table["early"] = table["position"] < 0
    keys = ["participant", "arm", "early"]
    counts = table.groupby(keys)["agreed"].agg(["sum", "count"]).reset_index()
    fixed, random = (ARM, Categorical("early")), CROSSED[:1]
    rows = fit_logistic(table, MixedModel("agreed", fixed, random))
    grouped = fit_logistic(counts, MixedModel("sum", fixed, random), trials="count")
    constant = (
        special.gammaln(counts["count"] + 1)
        - special.gammaln(counts["sum"] + 1)
        - special.gammaln(counts["count"] - counts["sum"] + 1)
    ).sum()
    assert grouped.log_likelihood == pytest.approx(rows.log_likelihood + constant, rel=1e-9)
    assert grouped.components["participant"].sd == pytest.approx(
        rows.components["participant"].sd, rel=1e-4
    )


def test_quadrature_with_many_points_is_the_integral():
    table = crossed(participants=9, images=8)
    design = build_design(table, model("agreed", random=CROSSED[:1]))
    y = table["agreed"].to_numpy(float)
    task = QuadratureProblem(design, Binomial(y, np.ones(len(y))), 30)
    point = np.concatenate([np.random.default_rng(5).normal(0, 0.5, 4), [1.3]])
    fixed = task.laplace.basis @ point[:4]
    total = 0.0
    for level in range(task.grouping.count):
        own = task.grouping.codes == level

        def density(u, own=own):
            eta = fixed[own] + 1.3 * u
            return np.exp((y[own] * eta - np.logaddexp(0, eta)).sum() - u * u / 2)

        total += np.log(integrate.quad(density, -12, 12, epsabs=0)[0] / np.sqrt(2 * np.pi))
    assert task.deviance(point) == pytest.approx(-2 * total, rel=1e-8)


def test_quadrature_with_one_point_is_laplace():
    table = crossed(participants=9, images=8)
    design = build_design(table, model("agreed", random=CROSSED[:1]))
    family = Binomial(table["agreed"].to_numpy(float), np.ones(len(table)))
    laplace, quadrature = LaplaceProblem(design, family), QuadratureProblem(design, family, 1)
    point = laplace.start * 0.8
    assert quadrature.deviance(point) == pytest.approx(laplace.objective(point)[0], rel=1e-12)


def test_quadrature_of_two_factors_is_refused():
    with pytest.raises(DesignError, match="a single factor"):
        fit_logistic(crossed(), model("agreed"), points=5)


@BOTH
def test_the_order_of_rows_and_of_factors_changes_nothing(fit):
    table = crossed(seed=1)
    one = fit(table)
    other = fit(table.sample(frac=1, random_state=2), random=CROSSED[::-1])
    assert one.decisions == other.decisions == ()
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-9)
    for name, estimate in one.coefficients.items():
        assert other.coefficients[name].value == pytest.approx(estimate.value, abs=1e-4)
        assert other.coefficients[name].high == pytest.approx(estimate.high, rel=1e-2, abs=1e-3)


@BOTH
def test_the_coding_of_a_factor_changes_neither_likelihood_nor_tests(fit):
    table = crossed(seed=2)
    one = fit(table)
    for arm in (Categorical("arm", coding="sum"), Categorical("arm", levels=ARMS[::-1])):
        other = fit(table, fixed=(arm, POSITION))
        assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-9)
        for mine, theirs in zip(one.type_three(), other.type_three(), strict=True):
            assert theirs.statistic == pytest.approx(mine.statistic, rel=1e-3)


@BOTH
def test_a_slope_that_is_there_is_found(fit):
    table = crossed(seed=3, participants=120, images=20, sds=(0.8, 0.6, 2.0))
    found = fit(table, random=(Random("participant", (POSITION,)), Random("image")))
    assert found.decisions == ()
    sds = found.components["participant"].sds
    assert sds == pytest.approx((0.8, 2.0), rel=0.35)


def test_turning_the_scale_round_turns_the_signs():
    table = crossed(seed=4)
    one, other = fit_rating(table), fit_rating(table.assign(rating=6 - table["rating"]))
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-9)
    for name, estimate in one.coefficients.items():
        assert other.coefficients[name].value == pytest.approx(-estimate.value, abs=1e-4)
    assert other.thresholds["1|2"].value == pytest.approx(-one.thresholds["4|5"].value, abs=1e-4)


def test_an_odds_ratio_is_the_exponent_of_its_contrast_with_its_interval():
    fit = fit_agreed(crossed(seed=5))
    log, ratio = (f({"arm[shap]": 1}, "shap") for f in (fit.contrast, fit.odds_ratio))
    expected = fit.coefficients["arm[shap]"]
    assert (log.value, log.low, log.p) == pytest.approx((expected.value, expected.low, expected.p))
    assert np.log([ratio.value, ratio.low, ratio.high]) == pytest.approx(
        [log.value, log.low, log.high]
    )
    assert ratio.p == log.p


def test_a_weight_on_a_coefficient_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no coefficient"):
        fit_agreed(crossed()).contrast({"arm[none]": 1}, "none")


@pytest.mark.parametrize("random", [(), CROSSED], ids=["fixed", "crossed"])
def test_an_arm_that_always_agrees_is_separation_and_no_estimate(random):
    table = crossed(seed=6)
    table.loc[table["arm"] == "lime", "agreed"] = 1
    with pytest.raises(SeparationError, match=r"agreed is predicted without error by arm\[lime\]"):
        fit_agreed(table, random=random)


def test_a_number_above_which_everyone_agrees_is_separation():
    table = crossed(seed=6).assign(agreed=lambda t: (t["position"] > 0).astype(int))
    with pytest.raises(SeparationError, match="position"):
        fit_agreed(table)


def test_an_arm_that_chooses_only_the_highest_category_is_separation():
    table = crossed(seed=6)
    table.loc[table["arm"] == "lime", "rating"] = 5
    with pytest.raises(SeparationError, match=r"arm\[lime\]"):
        fit_rating(table)


def test_one_answer_that_breaks_the_separation_gives_a_fit():
    """The negative control of the three tests above."""
    table = crossed(seed=6)
    table.loc[table["arm"] == "lime", ["agreed", "rating"]] = (1, 5)
    table.loc[table.index[table["arm"] == "lime"][:2], ["agreed", "rating"]] = (0, 1)
    assert fit_agreed(table, random=()).coefficients["arm[lime]"].value > 2
    assert fit_rating(table, random=()).coefficients["arm[lime]"].value > 2


def test_participants_who_each_answer_one_way_only_are_no_fit():
    table = crossed(seed=7)
    table["agreed"] = (table["participant"].str[1:].astype(int) % 2).astype(int)
    with pytest.raises(NotEstimableError, match="did not converge"):
        fit_agreed(table, fixed=(), random=CROSSED[:1], ladder=())


def balanced_answers():
    """Every participant agrees in half of the images: less spread than chance would give."""
    table = crossed(kept=1.0)
    return table.assign(agreed=table.groupby("participant").cumcount() % 2)


def test_an_empty_factor_is_left_out_and_logged_or_refused():
    fit = fit_agreed(balanced_answers(), random=CROSSED[:1])
    assert [decision.step for decision in fit.decisions] == ["drop_factor"]
    assert fit.method == "maximum likelihood"
    with pytest.raises(SingularFitError, match="participant is estimated as zero"):
        fit_agreed(balanced_answers(), random=CROSSED[:1], ladder=())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 2], "agreed must contain 0 or 1"),
        ([0.5, 1], "agreed must contain 0 or 1"),
        ([0], "every answer in agreed is 0"),
        ([1], "every answer in agreed is a success"),
        ([np.nan], "is missing in 234 of 234 rows"),
        (["yes", "no"], "must contain finite numbers"),
    ],
)
def test_an_outcome_that_is_not_zero_or_one_is_refused(values, message):
    table = crossed()
    with pytest.raises(DesignError, match=message):
        fit_agreed(table.assign(agreed=np.resize(np.array(values, dtype=object), len(table))))


def test_more_successes_than_trials_are_refused():
    table = crossed().assign(size=0)
    with pytest.raises(DesignError, match="counts from 0 to size"):
        fit_logistic(table, model("agreed"), trials="size")


WORDS = {1: "never", 2: "rarely", 3: "sometimes", 4: "often", 5: "always"}


def test_words_without_an_order_are_refused_and_with_one_they_are_the_numbers():
    table = crossed()
    words = table.assign(rating=table["rating"].map(WORDS))
    with pytest.raises(DesignError, match="whose order is unknown"):
        fit_rating(words)
    fit = fit_cumulative(words, model("rating"), categories=list(WORDS.values()))
    assert next(iter(fit.thresholds)) == "never|rarely"
    assert fit.log_likelihood == fit_rating(table).log_likelihood
    ordered = pd.Categorical(words["rating"], list(WORDS.values()), ordered=True)
    assert fit_rating(words.assign(rating=ordered)).log_likelihood == fit.log_likelihood


def test_an_answer_outside_the_listed_categories_is_refused():
    with pytest.raises(DesignError, match="contains 5, but its categories are"):
        fit_cumulative(crossed(), model("rating"), categories=[1, 2, 3, 4])


def test_a_category_that_nobody_chose_has_no_threshold():
    table = crossed().assign(rating=lambda t: t["rating"].replace(2, 1))
    fit = fit_cumulative(table, model("rating"), categories=[1, 2, 3, 4, 5])
    assert list(fit.thresholds) == ["1|3", "3|4", "4|5"]


def test_everyone_choosing_the_same_category_is_refused():
    with pytest.raises(DesignError, match="all 234 answers in rating are 3"):
        fit_rating(crossed().assign(rating=3))


def test_predicted_effects_balance_the_residuals_of_their_participant():
    """At the mode Σ (y - μ) over a participant's rows is b / sd²; none without random terms."""
    table = crossed(seed=8)
    fit = fit_agreed(table)
    fixed = build_design(table, model("agreed")).fixed.matrix
    effects = {name: table[name].map(own["intercept"]) for name, own in fit.effects.items()}
    eta = fixed @ fit.fixed.beta + sum(effects.values())
    residuals = (table["agreed"] - special.expit(eta)).groupby(table["participant"]).sum()
    expected = fit.effects["participant"]["intercept"] / fit.components["participant"].sd ** 2
    assert residuals[expected.index].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-6)
    assert fit_agreed(table, random=()).effects == {}


def with_other_images_per_arm(seed=9):
    """Each arm sees images of its own, so that images are what the arms are compared between."""
    table = crossed(seed, participants=60, images=10, kept=1.0)
    return table.assign(image=table["image"] + table["arm"])


@BOTH
def test_few_images_per_arm_leave_few_degrees_of_freedom(fit):
    table = with_other_images_per_arm()
    arm, position = (fit(table).coefficients[name] for name in ("arm[lime]", "position"))
    assert arm.method == "Wald t, Satterthwaite's df"
    assert 10 < arm.df < 60
    assert position.df > 1000
    same_images = fit(crossed(9, participants=60, images=10, kept=1.0))
    assert same_images.coefficients["arm[lime]"].df > arm.df


def test_z_on_demand_is_the_estimate_over_its_error_with_the_narrower_interval():
    table = with_other_images_per_arm()
    t, z = (fit_logistic(table, model("agreed"), wald=wald) for wald in ("t", "z"))
    mine, theirs = (fit.coefficients["arm[shap]"] for fit in (t, z))
    assert (theirs.method, theirs.df) == ("Wald z", None)
    assert theirs.statistic == pytest.approx(mine.statistic)
    assert theirs.high - theirs.low == pytest.approx(
        2 * 1.959964 * z.standard_errors["arm[shap]"], rel=1e-6
    )
    assert theirs.high < mine.high
    assert [test.symbol for test in t.type_three()] == ["F", "F"]
    test = z.type_three()[0]
    assert (test.symbol, test.df) == ("χ²", (2,))
    assert test.statistic == pytest.approx(2 * t.type_three()[0].statistic)
