"""Sparse crossings and Newton steps: the same numbers as dense algebra, with less work."""

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.mixed_models import cross_products
from analysis.statistics.mixed_models.block_elimination import (
    Elimination,
    SparseElimination,
    eliminate,
)
from analysis.statistics.mixed_models.cross_products import Crossing, Parts
from analysis.statistics.mixed_models.design import build_design
from analysis.statistics.mixed_models.deviance import LinearProblem
from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.optimise import approach, minimise, numerical_hessian
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Numeric, Random

STEP = Numeric("step")
RANDOM = {
    "intercepts": (Random("person"), Random("image")),
    "slopes of the larger factor": (Random("person", (STEP,)), Random("image")),
    "slopes of both": (Random("person", (STEP,)), Random("image", (STEP,))),
    "three factors": (Random("person"), Random("image", (STEP,)), Random("day")),
}


def study(people=60, images=40, each=6, seed=1):
    """Every person sees a few of the images, so that most pairs never meet."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), each)
    image = np.concatenate([rng.choice(images, each, replace=False) for _ in range(people)])
    rows = len(person)
    step = rng.normal(size=rows)
    eta = rng.normal(0, 0.9, people)[person] + rng.normal(0, 0.7, images)[image]
    eta = eta + (rng.normal(0, 0.6, people)[person] + rng.normal(0, 0.5, images)[image]) * step
    day = rng.integers(0, 7, rows)
    eta = eta + rng.normal(0, 0.5, 7)[day]
    return pd.DataFrame(
        {
            "person": person,
            "image": image,
            "day": day,
            "step": step,
            "arm": np.array(list("ab"))[person % 2],
            "y": eta + rng.normal(size=rows),
            "yes": (eta + rng.logistic(size=rows) > 0).astype(int),
        }
    )


def model(random, outcome="y"):
    return MixedModel(outcome, (Categorical("arm"), STEP), random, ladder=())


@pytest.fixture
def everything_sparse(monkeypatch):
    monkeypatch.setattr(cross_products, "SPARSE_SIZE", 0)
    monkeypatch.setattr(cross_products, "SPARSE_FILL", 2.0)


def crossings(random, monkeypatch):
    """The same design with dense and with sparse products."""
    design = build_design(study(), model(random))
    dense = Crossing(design.groupings, design.rows)
    monkeypatch.setattr(cross_products, "SPARSE_SIZE", 0)
    monkeypatch.setattr(cross_products, "SPARSE_FILL", 2.0)
    sparse = Crossing(design.groupings, design.rows)
    assert (dense.is_sparse, sparse.is_sparse) == (False, True)
    return dense, sparse


@pytest.mark.parametrize("random", RANDOM.values(), ids=RANDOM)
def test_sparse_elimination_gives_what_dense_elimination_gives(random, monkeypatch):
    dense, sparse = crossings(random, monkeypatch)
    rng = np.random.default_rng(4)
    weights = rng.uniform(0.2, 2, dense.rows)
    lambdas = [np.tril(rng.normal(size=(g.width, g.width))) for g in dense.groupings]
    both = [eliminate(one, one.products(weights), lambdas) for one in (dense, sparse)]
    assert [type(one) for one in both] == [Elimination, SparseElimination]
    shape = (dense.count, dense.width, 2)
    parts = Parts(rng.normal(size=shape), rng.normal(size=(dense.dense, 2)))

    def numbers(elimination):
        inverse = elimination.inverse()
        solved, times = elimination.solve(parts), elimination.products(parts)
        return [
            elimination.log_determinant, solved.first, solved.rest, times.first, times.rest,
            inverse.first, inverse.cross, inverse.rest,
            elimination.crossing.quadratic(elimination.sandwich(inverse)),
            *elimination._slope_by_inverse(inverse), *elimination._slope_by_diagonal(),
        ]  # fmt: skip

    for expected, value in zip(*map(numbers, both), strict=True):
        if np.shape(expected) == inverse_cross_shape(dense):
            # Only the pairs that meet are needed, but the sparse form has the others as well.
            assert np.shape(value) == np.shape(expected)
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)


def inverse_cross_shape(crossing):
    return (crossing.count, crossing.width, crossing.dense)


@pytest.mark.parametrize("random", RANDOM.values(), ids=RANDOM)
def test_fits_do_not_depend_on_the_form_of_the_products(random, everything_sparse):
    table = study()
    sparse = (
        fit_linear(table, model(random)),
        fit_logistic(table, model(RANDOM["intercepts"], "yes")),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cross_products, "SPARSE_FILL", 0.0)
        dense = (
            fit_linear(table, model(random)),
            fit_logistic(table, model(RANDOM["intercepts"], "yes")),
        )
    for one, other in zip(sparse, dense, strict=True):
        assert one.deviance == pytest.approx(other.deviance, rel=1e-12)
        for name, estimate in other.coefficients.items():
            assert one.coefficients[name].value == pytest.approx(estimate.value, rel=1e-7)
            assert one.coefficients[name].p == pytest.approx(estimate.p, rel=1e-6)


def test_a_full_crossing_stays_dense_and_one_that_is_2_percent_full_does_not():
    full = pd.DataFrame(
        {"person": np.repeat(np.arange(300), 200), "image": np.tile(np.arange(200), 300)}
    )
    some = full.sample(1200, random_state=1)
    for table, is_sparse in ((full, False), (some, True)):
        table = table.assign(y=np.arange(len(table)) % 7)
        design = build_design(table, MixedModel("y", (), RANDOM["intercepts"]))
        assert Crossing(design.groupings, design.rows).is_sparse == is_sparse


@pytest.mark.parametrize("random", RANDOM.values(), ids=RANDOM)
@pytest.mark.parametrize("reml", [True, False])
def test_the_curvature_is_the_average_information_of_the_whole_covariance_matrix(random, reml):
    """V and its derivatives written out in full (Gilmour, Thompson & Cullis 1995)."""
    design = build_design(study(25, 15, 5), model(random))
    outcome = study(25, 15, 5)["y"].to_numpy()
    problem = LinearProblem(design, outcome, reml=reml)
    theta = np.random.default_rng(2).uniform(0.3, 0.9, problem.relative.size)

    def covariance(theta):
        total = np.eye(design.rows)
        for grouping, factor in zip(design.groupings, problem.relative.factors(theta), strict=True):
            same = grouping.codes[:, None] == grouping.codes
            z = grouping.columns @ factor
            total += same * (z @ z.T)
        return total

    def derivative(function, k):
        step = np.zeros(len(theta))
        step[k] = 1e-4
        return (function(theta + step) - function(theta - step)) / 2e-4  # exact: quadratic in θ

    x, size = design.fixed.matrix, len(theta)
    inverse = np.linalg.inv(covariance(theta))
    middle = np.linalg.inv(x.T @ inverse @ x)
    p = inverse - inverse @ x @ middle @ x.T @ inverse
    pulled, weight = p @ outcome, p if reml else inverse
    sigma2 = outcome @ pulled / problem.df
    slopes = [derivative(covariance, k) for k in range(size)]
    expected = np.empty((size, size))
    for k in range(size):
        for m in range(size):
            second = derivative(lambda point, k=k: _slope(covariance, point, k), m)
            bend = np.sum(weight * second) - pulled @ second @ pulled / sigma2
            average = pulled @ slopes[k] @ p @ slopes[m] @ pulled / sigma2
            pulls = [pulled @ slopes[one] @ pulled for one in (k, m)]
            expected[k, m] = average + bend - pulls[0] * pulls[1] / (sigma2**2 * problem.df)
    assert problem.curvature(theta) == pytest.approx(expected, rel=1e-5, abs=1e-5)


def _slope(covariance, theta, k):
    step = np.zeros(len(theta))
    step[k] = 1e-3
    return (covariance(theta + step) - covariance(theta - step)) / 2e-3


def test_newton_steps_reach_the_minimum_with_fewer_evaluations():
    table = study(200, 60, 20)
    design = build_design(table, model(RANDOM["slopes of both"]))
    counts = []
    points = []
    for with_curvature in (True, False):
        problem = LinearProblem(design, table["y"].to_numpy(), reml=True)
        evaluated = []

        def objective(theta, problem=problem, evaluated=evaluated):
            evaluated.append(theta)
            return problem.objective(theta)

        curvature = problem.curvature if with_curvature else None
        relative = problem.relative
        optimum = minimise(objective, relative.start, relative.bounds, curvature)
        assert optimum.decrease < 1e-6
        counts.append(len(evaluated))
        points.append(optimum.value)
    assert points[0] == pytest.approx(points[1], abs=1e-8)
    assert counts[0] < 0.7 * counts[1]


def test_an_approach_that_cannot_go_down_leaves_the_search_to_the_next_method():
    def objective(point):
        return float(point[0] ** 2), np.array([-1.0])  # a gradient that is wrong

    point, has_arrived = approach(objective, lambda point: np.eye(1), np.array([1.0]))
    assert (point, has_arrived) == (1.0, False)


def test_the_numerical_hessian_and_the_curvature_agree_where_there_is_much_data():
    table = study(300, 80, 20)
    fit = fit_linear(table, model(RANDOM["slopes of both"]))
    problem, point = fit.solution.problem, fit.solution.optimum.point
    hessian = numerical_hessian(problem.objective, point)
    ratio = np.linalg.eigvals(np.linalg.solve(hessian, problem.curvature(point))).real
    assert ratio.min() > 0.8
    assert ratio.max() < 1.2


@pytest.fixture
def trials(shared_dir):
    table = pd.read_csv(shared_dir / "known-answers" / "visual-correspondence" / "trials.csv")
    return table[table["left_out_by_authors"] == 0]


@pytest.mark.nightly
@pytest.mark.shared
def test_a_published_study_that_is_1_percent_full_gives_the_numbers_of_lme4(trials):
    """R, lme4 1.1-31, with the tight tolerances that its last digits need:

    glmer(accepted ~ method + (1 | participant) + (1 | image), trials, binomial, control =
    glmerControl("bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), tolPwrss = 1e-13))
    """
    random = (Random("participant"), Random("image"))
    fit = fit_logistic(trials, MixedModel("accepted", (Categorical("method"),), random))
    assert fit.solution.problem.crossing.is_sparse
    assert fit.deviance == pytest.approx(8718.63018427908, rel=1e-9)
    assert fit.components["image"].sd == pytest.approx(5.088713615556411, rel=1e-6)
    assert fit.components["participant"].sd == pytest.approx(0.723499913088788, rel=1e-6)
    expected = {
        "intercept": 3.306435590454279,
        "method[CHM-NN]": 0.159896489495387,
        "method[EMD-Corr]": -0.203400795157165,
        "method[EMD-NN]": 0.204214928774851,
        "method[kNN]": 0.209585807766854,
        "method[ResNet-50]": -1.017923282522097,
    }
    assert {name: one.value for name, one in fit.coefficients.items()} == pytest.approx(
        expected, abs=1e-5
    )
