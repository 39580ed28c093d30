"""Linear mixed models with crossed factors, by REML or ML."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.statistics.estimate import Estimate, HypothesisTest
from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.columns import numbers
from analysis.statistics.mixed_models.design import Design, build_design
from analysis.statistics.mixed_models.deviance import Evaluation, LinearProblem
from analysis.statistics.mixed_models.errors import DesignError, NotConvergedError, SingularFitError
from analysis.statistics.mixed_models.hypotheses import type_three_hypotheses
from analysis.statistics.mixed_models.optimise import Optimum, minimise, require_minimum
from analysis.statistics.mixed_models.random_structure import Decision, descend
from analysis.statistics.mixed_models.relative import Component, effect_tables
from analysis.statistics.mixed_models.satterthwaite import FixedEffects, fixed_effects, weighted
from analysis.statistics.mixed_models.specification import MixedModel

LIMIT = 1e3  # largest believable ratio of a random effect's SD to the residual SD


@dataclass(frozen=True)
class LinearFit:
    """A fit that converged and is not singular.

    `model` was fitted; it is the one asked for unless `decisions` say otherwise. `deviance` is
    -2 log likelihood (restricted where `reml`); `parameters` counts fixed effects, variances,
    correlations and the residual variance. Estimates count the levels of the first random factor
    as n (rows, where there is none). `effects` are the best linear unbiased predictions by factor.
    """

    model: MixedModel
    decisions: tuple[Decision, ...]
    reml: bool
    level: float
    rows: int
    n: int
    names: tuple[str, ...]
    fixed: FixedEffects = field(repr=False)
    coefficients: Mapping[str, Estimate]
    components: Mapping[str, Component]
    residual_sd: float
    deviance: float
    parameters: int
    hypotheses: Mapping[str, Array] = field(repr=False)
    effects: Mapping[str, pd.DataFrame] = field(repr=False)
    found: "AcceptedOptimum" = field(repr=False)

    @property
    def method(self) -> str:
        """Which likelihood was maximised."""
        return "REML" if self.reml else "ML"

    @property
    def log_likelihood(self) -> float:
        """(Restricted) log likelihood at the maximum."""
        return -self.deviance / 2

    @property
    def standard_errors(self) -> Mapping[str, float]:
        """By name of the coefficient."""
        errors = np.sqrt(np.diag(self.fixed.covariance))
        return dict(zip(self.names, map(float, errors), strict=True))

    def contrast(self, weights: Mapping[str, float], name: str) -> Estimate:
        """The combination Σ weight × coefficient, with Satterthwaite's df."""
        return self.fixed.estimate(name, weighted(weights, self.names), self.level, self.n)

    def joint_test(self, rows: Mapping[str, Mapping[str, float]], name: str) -> HypothesisTest:
        """F test that several combinations, each as for `contrast`, are all zero."""
        hypotheses = np.array([weighted(row, self.names) for row in rows.values()])
        return self.fixed.f_test(name, hypotheses, self.n)

    def type_three(self) -> tuple[HypothesisTest, ...]:
        """The F test of each fixed term, type III, with Satterthwaite's df."""
        return tuple(
            self.fixed.f_test(name, rows, self.n) for name, rows in self.hypotheses.items()
        )


def fit_linear(
    table: pd.DataFrame, model: MixedModel, *, reml: bool = True, level: float = 0.95
) -> LinearFit:
    """Fit by restricted or plain maximum likelihood, stepping down `model.ladder` where needed.

    Raises DesignError for data that cannot answer, SingularFitError or NotConvergedError when no
    step of the ladder is left; all are NotEstimableError.
    """
    table = table.reset_index(drop=True)
    outcome = numbers(table, model.outcome)
    fitted, model, decisions = descend(model, lambda m: _fit(table, outcome, m, reml))
    return _result(table, model, decisions, fitted, level)


@dataclass(frozen=True)
class AcceptedOptimum:
    """An accepted optimum and what it belongs to."""

    design: Design
    outcome: Array
    problem: LinearProblem
    optimum: Optimum
    at: Evaluation


def _fit(table: pd.DataFrame, outcome: Array, model: MixedModel, reml: bool) -> AcceptedOptimum:
    design = build_design(table, model)
    problem = LinearProblem(design, outcome, reml=reml)
    _require_remainder(problem, outcome, model.outcome)
    relative = problem.relative
    try:
        optimum = minimise(problem.objective, relative.start, relative.bounds)
    except np.linalg.LinAlgError as error:
        raise NotConvergedError(f"the linear mixed model did not converge: {error}") from error
    empty = relative.empty(optimum.point)
    if empty and not optimum.is_saddle:
        raise SingularFitError(tuple(empty), "the fit is singular: " + "; ".join(empty.values()))
    require_minimum(optimum, LIMIT, "the linear mixed model")
    return AcceptedOptimum(design, outcome, problem, optimum, problem.evaluate(optimum.point))


def _require_remainder(problem: LinearProblem, outcome: Array, name: str) -> None:
    if np.ptp(outcome) <= 1e-12 * max(1.0, float(np.abs(outcome).max())):
        raise DesignError(f"all {len(outcome)} values of {name} equal {outcome[0]:g}")
    if problem.total <= 1e-26 * float(outcome @ outcome):
        raise DesignError(f"the fixed effects reproduce {name} exactly, so nothing is left to test")


def _result(
    table: pd.DataFrame,
    model: MixedModel,
    decisions: tuple[Decision, ...],
    fitted: AcceptedOptimum,
    level: float,
) -> LinearFit:
    problem, optimum, at = fitted.problem, fitted.optimum, fitted.at
    fixed = fixed_effects(problem, at, optimum.hessian)
    names = fitted.design.fixed.names
    counts = {g.factor: g.count for g in fitted.design.groupings}
    n = counts[model.random[0].factor] if model.random else fitted.design.rows
    rows = np.eye(len(names))
    sigma = float(np.sqrt(at.rss / problem.df))
    return LinearFit(
        model,
        decisions,
        problem.reml,
        level,
        fitted.design.rows,
        n,
        names,
        fixed,
        {name: fixed.estimate(name, rows[i], level, n) for i, name in enumerate(names)},
        _in_order(model, problem.relative.components(optimum.point, sigma)),
        sigma,
        optimum.value,
        len(names) + len(optimum.point) + 1,
        type_three_hypotheses(table, model, fitted.design.fixed),
        effect_tables(fitted.design.groupings, problem.effects(at, optimum.point)),
        fitted,
    )


def _in_order(model: MixedModel, components: tuple[Component, ...]) -> Mapping[str, Component]:
    found = {component.factor: component for component in components}
    return {term.factor: found[term.factor] for term in model.random}
