"""Laplace's approximation: its gradient, and the integral that it approximates."""

import numpy as np
import pytest
from scipy import integrate, optimize, special

from analysis.statistics.mixed_models.design import build_design
from analysis.statistics.mixed_models.families import Binomial, CumulativeLogit
from analysis.statistics.mixed_models.laplace import LaplaceProblem
from analysis.statistics.mixed_models.specification import Random
from tests.analysis.statistics.mixed_models.data import ARM, CROSSED, POSITION, crossed, model

SLOPES = (Random("participant", (POSITION,)), Random("image", (ARM,)))
THREE = (*CROSSED, Random("rater", (POSITION,)))
SYMMETRIC = (*CROSSED, Random("image", cells=("arm",)))


def family(table, kind):
    if kind == "logistic":
        return Binomial(table["agreed"].to_numpy(float), np.ones(len(table)))
    if kind == "binomial":
        trials = np.arange(len(table)) % 4 + 1.0
        return Binomial(np.minimum(table["rating"].to_numpy(float) - 1, trials), trials)
    return CumulativeLogit(table["rating"].to_numpy() - 1, 5)


def problem(table, random, kind):
    design = build_design(
        table, model("agreed", random=random), intercept=kind != "ordinal", repeated_rows=False
    )
    return LaplaceProblem(design, family(table, kind))


def somewhere(task):
    rng = np.random.default_rng(3)
    return task.start * 0.7 + rng.normal(0, 0.2, len(task.start))


@pytest.mark.parametrize("kind", ["logistic", "binomial", "ordinal"])
@pytest.mark.parametrize("random", [(), CROSSED[:1], CROSSED, SLOPES, THREE, SYMMETRIC], ids=str)
def test_the_gradient_is_that_of_finite_differences(random, kind):
    table = crossed(participants=14, images=8)
    table["rater"] = np.random.default_rng(1).integers(0, 6, len(table))
    task = problem(table, random, kind)
    point = somewhere(task)
    steps = np.eye(len(point)) * 1e-5
    numeric = [
        (task.objective(point + step)[0] - task.objective(point - step)[0]) / 2e-5 for step in steps
    ]
    assert task.objective(point)[1] == pytest.approx(numeric, rel=2e-5, abs=2e-5)


@pytest.mark.parametrize("kind", ["logistic", "ordinal"])
def test_the_mode_is_the_penalised_maximum(kind):
    task = problem(crossed(participants=9, images=6), CROSSED, kind)
    point = somewhere(task)
    own, beta, theta = task.split(point)
    mode = task.mode(point)
    fixed = task.basis @ beta
    scales = [factor[0, 0] for factor in task.relative.factors(theta)]
    groupings = task.relative.groupings

    def penalised(effects):
        parts = np.split(effects, [groupings[0].count])
        eta = fixed + sum(
            s * part[g.codes] for s, part, g in zip(scales, parts, groupings, strict=True)
        )
        return effects @ effects / 2 - task.family.rows(eta, own).log.sum()

    found = optimize.minimize(penalised, np.zeros(sum(g.count for g in groupings)), tol=1e-9)
    effects = np.concatenate([mode.effects.first.ravel(), mode.effects.rest.ravel()])
    assert effects == pytest.approx(found.x, abs=1e-4)


def test_with_small_variances_it_is_close_to_the_integral_itself():
    """One participant's integral by adaptive quadrature over u, times the others'."""
    table = crossed(participants=6, images=10, kept=1.0)
    task = problem(table, CROSSED[:1], "logistic")
    point = somewhere(task)
    point[-1] = 0.4
    _, beta, theta = task.split(point)
    fixed, y = task.basis @ beta, task.family.successes
    total = 0.0
    for level in range(6):
        own = task.relative.groupings[0].codes == level

        def density(u, own=own):
            eta = fixed[own] + theta[0] * u
            return np.exp((y[own] * eta - np.log1p(np.exp(eta))).sum() - u * u / 2)

        total += np.log(integrate.quad(density, -9, 9)[0] / np.sqrt(2 * np.pi))
    assert task.objective(point)[0] == pytest.approx(-2 * total, abs=0.05)


def test_categories_have_the_probabilities_of_their_definition():
    table = crossed(participants=9, images=6)
    answers = CumulativeLogit(table["rating"].to_numpy() - 1, 5)
    eta = np.random.default_rng(0).normal(size=len(table))
    own = np.array([-1.0, 0.2, -0.5, 0.1])
    ends = np.concatenate([[-np.inf], answers.thresholds(own), [np.inf]])
    code = answers.codes
    share = special.expit(ends[code + 1] - eta) - special.expit(ends[code] - eta)
    assert answers.rows(eta, own).log == pytest.approx(np.log(share))


def test_the_shares_of_the_categories_are_where_the_thresholds_start():
    table = crossed()
    answers = CumulativeLogit(table["rating"].to_numpy() - 1, 5)
    shares = np.diff([0, *special.expit(answers.thresholds(answers.start())), 1])
    expected = table["rating"].value_counts(normalize=True).sort_index()
    assert shares == pytest.approx(expected.to_numpy())


@pytest.mark.parametrize("kind", ["logistic", "ordinal"])
@pytest.mark.parametrize("random", [CROSSED, SLOPES, THREE], ids=str)
def test_slopes_of_the_information_are_those_of_the_linear_model_at_the_mode(random, kind):
    """F - P'ZΛM⁻¹Λ'Z'P with dense matrices and the weights held, by finite differences."""
    table = crossed(participants=14, images=8)
    table["rater"] = np.random.default_rng(1).integers(0, 6, len(table))
    task = problem(table, random, kind)
    point = somewhere(task)
    mode = task.mode(point)
    own, _, theta = task.split(point)
    mixed = np.column_stack(
        [task.family.extra_mixed(mode.eta, own), mode.rows.weight[:, None] * task.basis]
    )

    def information(at):
        total = np.zeros((len(table), len(table)))
        for grouping, factor in zip(
            task.relative.groupings, task.relative.factors(at), strict=True
        ):
            same = grouping.codes[:, None] == grouping.codes[None, :]
            total += same * (grouping.columns @ factor @ factor.T @ grouping.columns.T)
        weight = np.diag(mode.rows.weight)
        inner = total @ np.linalg.inv(np.eye(len(table)) + weight @ total)
        return -mixed.T @ inner @ mixed

    steps = np.eye(len(theta)) * 1e-5
    numeric = [(information(theta + h) - information(theta - h)) / 2e-5 for h in steps]
    assert task.information_slopes(mode) == pytest.approx(np.array(numeric), rel=1e-5, abs=1e-4)


def test_mixed_derivatives_of_the_thresholds_are_those_of_finite_differences():
    answers = family(crossed(participants=9, images=6), "ordinal")
    eta = np.random.default_rng(0).normal(size=len(answers.codes))
    own = np.array([-1.0, 0.2, -0.5, 0.1])
    for k, step in enumerate(np.eye(4) * 1e-6):
        rise = answers.rows(eta, own + step).first - answers.rows(eta, own - step).first
        assert answers.extra_mixed(eta, own)[:, k] == pytest.approx(-rise / 2e-6, abs=1e-8)
