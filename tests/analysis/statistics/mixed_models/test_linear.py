"""Linear mixed models: against libraries, finite differences, and what must not matter."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import optimize, stats

from analysis.statistics.mixed_models.design import build_design
from analysis.statistics.mixed_models.deviance import LinearProblem
from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.random_structure import between_cells
from analysis.statistics.mixed_models.specification import Categorical, Interaction, Random
from tests.analysis.statistics.mixed_models.data import ARM, ARMS, CROSSED, POSITION, crossed, model

SLOPES = (Random("participant", (POSITION,)), Random("image", (ARM,)))
THREE = (*CROSSED, Random("rater"))
SYMMETRIC = (*CROSSED, Random("image", cells=("arm",)))
CELLS = (Random("participant"), between_cells("image", ("arm",)))


def with_raters(table):
    rng = np.random.default_rng(9)
    return table.assign(rater=rng.integers(0, 7, len(table)))


def dense_deviance(table, spec, theta, reml):
    """The definition, with V written out: slow, and nothing in common with the elimination."""
    design = build_design(table, spec)
    y, x = table[spec.outcome].to_numpy(), design.fixed.matrix
    problem = LinearProblem(design, y, reml=reml)
    v = np.eye(len(y))
    for grouping, factor in zip(design.groupings, problem.relative.factors(theta), strict=True):
        same = grouping.codes[:, None] == grouping.codes[None, :]
        v += same * (grouping.columns @ factor @ factor.T @ grouping.columns.T)
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    beta = np.linalg.solve(information, x.T @ inverse @ y)
    rss = (y - x @ beta) @ inverse @ (y - x @ beta)
    df = len(y) - x.shape[1] * reml
    deviance = np.linalg.slogdet(v)[1] + df * (1 + np.log(2 * np.pi * rss / df))
    return deviance + reml * np.linalg.slogdet(information)[1]


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(
    "random", [(), CROSSED[:1], CROSSED, SLOPES, THREE, SYMMETRIC, CELLS], ids=str
)
def test_the_deviance_by_elimination_is_that_of_the_whole_covariance_matrix(random, reml):
    table = with_raters(crossed(participants=12, images=8))
    spec = model(random=random)
    problem = LinearProblem(build_design(table, spec), table["trust"].to_numpy(), reml=reml)
    theta = np.random.default_rng(1).normal(0.6, 0.3, problem.relative.size)
    expected = dense_deviance(table, spec, theta, reml)
    assert problem.objective(theta)[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("random", [CROSSED[:1], CROSSED, SLOPES, THREE, SYMMETRIC, CELLS], ids=str)
def test_the_gradient_is_that_of_finite_differences(random, reml):
    table = with_raters(crossed(participants=15))
    design = build_design(table, model(random=random))
    problem = LinearProblem(design, table["trust"].to_numpy(), reml=reml)
    theta = np.random.default_rng(2).normal(0.7, 0.3, problem.relative.size)
    numeric = optimize.approx_fprime(theta, lambda t: problem.objective(t)[0], 1e-6)
    assert problem.objective(theta)[1] == pytest.approx(numeric, rel=1e-4, abs=1e-4)


def test_no_other_variances_have_a_lower_deviance():
    """Nelder and Mead's search from elsewhere, which knows no gradient, finds nothing better."""
    table = crossed()
    fit = fit_linear(table, model())
    problem = LinearProblem(build_design(table, model()), table["trust"].to_numpy(), reml=True)
    found = optimize.minimize(
        lambda theta: problem.objective(theta)[0], [0.3, 0.3], method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-10},
    )  # fmt: skip
    assert fit.deviance == pytest.approx(found.fun, rel=1e-9)


@pytest.mark.parametrize("seed", [27, 190])
def test_a_search_that_lands_on_zero_goes_on_where_the_likelihood_rises_behind_it(seed):
    """At a variance of zero the gradient vanishes whether or not zero is the best."""
    table = crossed(seed, participants=12, images=8, sds=(0.8, 0.0, 0.0))
    problem = LinearProblem(
        build_design(table, model(fixed=())), table["trust"].to_numpy(), reml=True
    )
    found = optimize.minimize(
        lambda theta: problem.objective(theta)[0], [0.2, 0.2], method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-10},
    )  # fmt: skip
    above_zero = [
        grouping.factor
        for grouping, theta in zip(problem.relative.groupings, found.x, strict=True)
        if abs(theta) > 0.01
    ]
    fit = fit_linear(table, model(fixed=()))
    assert "participant" in above_zero
    assert list(fit.components) == above_zero
    assert fit.deviance == pytest.approx(found.fun, rel=1e-9)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("slope", [False, True])
def test_one_factor_is_as_in_statsmodels(slope, reml):
    table = crossed(seed=3, participants=60, sds=(0.8, 0, 0.9))
    terms = (Random("participant", (POSITION,) if slope else ()),)
    fit = fit_linear(table, model(random=terms), reml=reml)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its start values; the fit itself converges
        theirs = smf.mixedlm(
            "trust ~ C(arm, Treatment('none')) + position", table, groups="participant",
            re_formula="~position" if slope else "1",
        ).fit(reml=reml, method=["bfgs"], gtol=1e-10)  # fmt: skip
    assert theirs.converged
    ours = [estimate.value for estimate in fit.coefficients.values()]
    assert ours == pytest.approx(list(theirs.fe_params), rel=1e-4)
    # Not the standard errors: theirs come from the Hessian by means and variances together.
    assert fit.residual_sd**2 == pytest.approx(theirs.scale, rel=1e-3)
    assert fit.components["participant"].sd ** 2 == pytest.approx(
        theirs.cov_re.iloc[0, 0], rel=2e-3
    )
    # statsmodels leaves a constant in X'X out of its restricted likelihood.
    if not reml:
        assert fit.log_likelihood == pytest.approx(theirs.llf, rel=1e-7)
    effects = pd.Series({key: value.iloc[0] for key, value in theirs.random_effects.items()})
    mine = fit.effects["participant"]["intercept"]
    assert mine.to_numpy() == pytest.approx(effects[mine.index].to_numpy(), abs=2e-3)


def test_without_random_terms_it_is_ordinary_least_squares_with_its_t_tests():
    table = crossed()
    fit = fit_linear(table, model(random=()))
    theirs = smf.ols("trust ~ C(arm, Treatment('none')) + position", table).fit()
    ours = list(fit.coefficients.values())
    assert [e.value for e in ours] == pytest.approx(list(theirs.params))
    assert [e.df for e in ours] == pytest.approx([theirs.df_resid] * 4)
    assert [e.p for e in ours] == pytest.approx(list(theirs.pvalues), rel=1e-6)
    assert [e.low for e in ours] == pytest.approx(list(theirs.conf_int()[0]))


def test_a_balanced_mixed_design_gives_the_classical_f_and_its_degrees_of_freedom():
    """Split plot: F(arm) = MS(arm) / MS(participants in arms), df 2 and 27."""
    table = crossed(kept=1.0, images=6)
    means = table.groupby(["arm", "participant"])["trust"].mean()
    expected = stats.f_oneway(*(means[arm] for arm in ARMS))
    fit = fit_linear(table, model(fixed=(ARM, Categorical("image")), random=CROSSED[:1]))
    test = fit.type_three()[0]
    assert test.df == pytest.approx((2, 27), rel=1e-4)
    assert test.statistic == pytest.approx(expected.statistic, rel=1e-6)
    assert test.p == pytest.approx(expected.pvalue, rel=1e-4)


@pytest.mark.parametrize("random", [CROSSED, SLOPES], ids=str)
def test_the_order_of_rows_and_of_factors_changes_nothing(random):
    table = crossed(seed=4, participants=45, images=24, sds=(0.8, 0.8, 1.5))
    table["trust"] += arm_by_image(table)
    fit = fit_linear(table, model(random=random))
    shuffled = fit_linear(table.sample(frac=1, random_state=1), model(random=random[::-1]))
    assert fit.decisions == shuffled.decisions == ()
    assert shuffled.deviance == pytest.approx(fit.deviance, rel=1e-9)
    for name, estimate in fit.coefficients.items():
        assert shuffled.coefficients[name].value == pytest.approx(estimate.value, abs=1e-5)
        assert shuffled.coefficients[name].df == pytest.approx(estimate.df, rel=1e-3)


def arm_by_image(table):
    rng = np.random.default_rng(6)
    return rng.normal(0, 0.9, (100, 3))[
        table["image"].str[1:].astype(int), table["arm"].map(ARMS.index)
    ]


def test_names_of_levels_change_nothing_but_the_names():
    table = crossed()
    renamed = table.assign(
        participant=table["participant"].map(lambda name: f"z{name[::-1]}"),
        image=pd.Categorical(table["image"]),
        arm=table["arm"].map({"none": 2, "lime": 0, "shap": 1}),
    )
    fit, other = (
        fit_linear(table, model()),
        fit_linear(renamed, model(fixed=(Categorical("arm", levels=(2, 0, 1)), POSITION))),
    )
    assert other.deviance == pytest.approx(fit.deviance, rel=1e-10)
    assert other.coefficients["arm[0]"].value == pytest.approx(
        fit.coefficients["arm[lime]"].value, rel=1e-6
    )


def test_the_coding_of_a_factor_changes_neither_likelihood_nor_tests():
    table = crossed(seed=5)
    fits = [
        fit_linear(table, model(fixed=(arm, POSITION, Interaction((arm, POSITION)))), reml=False)
        for arm in (ARM, Categorical("arm", coding="sum"), Categorical("arm", levels=ARMS[::-1]))
    ]
    for other in fits[1:]:
        assert other.deviance == pytest.approx(fits[0].deviance, rel=1e-10)
        for mine, theirs in zip(fits[0].type_three(), other.type_three(), strict=True):
            assert theirs.statistic == pytest.approx(mine.statistic, rel=1e-5)
            assert theirs.df == pytest.approx(mine.df, rel=1e-4)


def test_the_unit_of_a_random_slope_changes_nothing_but_its_sd():
    table = crossed(seed=6, participants=60, sds=(0.8, 0.5, 1.5))
    terms = (Random("participant", (POSITION,)), Random("image"))
    fit = fit_linear(table, model(random=terms))
    thousand = table.assign(position=table["position"] * 1000)
    other = fit_linear(thousand, model(random=terms))
    assert fit.decisions == other.decisions == ()
    assert other.components["participant"].sds[1] * 1000 == pytest.approx(
        fit.components["participant"].sds[1], rel=1e-4
    )
    assert other.coefficients["arm[lime]"].value == pytest.approx(
        fit.coefficients["arm[lime]"].value, abs=1e-5
    )


def test_a_contrast_is_the_coefficient_that_another_reference_level_gives():
    table = crossed(seed=7)
    other = fit_linear(table, model(fixed=(Categorical("arm", levels=ARMS[::-1]), POSITION)))
    fit = fit_linear(table, model())
    contrast = fit.contrast({"arm[lime]": 1, "arm[shap]": -1}, "lime - shap")
    expected = other.coefficients["arm[lime]"]
    assert contrast.value == pytest.approx(expected.value, abs=1e-6)
    assert contrast.df == pytest.approx(expected.df, rel=1e-4)
    assert contrast.p == pytest.approx(expected.p, rel=1e-3)


def test_a_joint_test_of_a_terms_coefficients_is_its_type_iii_test():
    fit = fit_linear(crossed(seed=8), model())
    rows = {"lime": {"arm[lime]": 1}, "shap": {"arm[shap]": 1}}
    joint, term = fit.joint_test(rows, "arm"), fit.type_three()[0]
    assert joint.statistic == pytest.approx(term.statistic, rel=1e-8)
    assert joint.df == pytest.approx(term.df, rel=1e-6)


def test_a_weight_on_a_coefficient_that_is_not_there_is_refused():
    fit = fit_linear(crossed(), model())
    with pytest.raises(ValueError, match=r"no coefficient arm\[gradcam\]"):
        fit.contrast({"arm[gradcam]": 1}, "gradcam")


def test_effects_shrink_the_mean_residual_of_a_participant():
    """One factor, one intercept: b = mean residual × n θ² / (1 + n θ²)."""
    table = crossed(seed=9)
    fit = fit_linear(table, model(random=CROSSED[:1]))
    fixed = build_design(table, model()).fixed.matrix
    residual = table["trust"] - fixed @ [e.value for e in fit.coefficients.values()]
    groups = residual.groupby(table["participant"])
    ratio = (fit.components["participant"].sd / fit.residual_sd) ** 2 * groups.size()
    expected = groups.mean() * ratio / (1 + ratio)
    predicted = fit.effects["participant"]["intercept"]
    assert predicted[expected.index].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-8)
