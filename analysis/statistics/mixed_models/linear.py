"""Linear mixed models with crossed factors, fitted by REML or ML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from analysis.statistics.estimate import Estimate, HypothesisTest
from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.design import Design, build_design, numbers
from analysis.statistics.mixed_models.deviance import Evaluation, LinearProblem
from analysis.statistics.mixed_models.errors import (
    DesignError,
    NotConvergedError,
    ReproducedError,
    SingularFitError,
)
from analysis.statistics.mixed_models.hypotheses import type_three_hypotheses
from analysis.statistics.mixed_models.kenward_roger import kenward_roger
from analysis.statistics.mixed_models.optimise import Optimum, minimise, require_minimum
from analysis.statistics.mixed_models.random_structure import Decision, descend
from analysis.statistics.mixed_models.relative import Component, effect_tables
from analysis.statistics.mixed_models.satterthwaite import FixedEffects, fixed_effects, weighted
from analysis.statistics.mixed_models.specification import MixedModel

DfMethod = Literal["satterthwaite", "kenward_roger"]

LIMIT = 1e3  # largest plausible ratio of a random effect's SD to the residual SD


@dataclass(frozen=True)
class LinearFit:
    """A fit that converged and is not singular.

    `model` is the model fitted; it differs from the model requested if `decisions` is not empty.
    `deviance` is -2 log likelihood (restricted if `reml`); `parameters` counts fixed effects,
    variances, correlations and the residual variance. `n` of an estimate is the number of levels of
    the first random factor, or of rows without random terms. `effects` contains the best linear
    unbiased predictions by factor.
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
    solution: "AcceptedOptimum" = field(repr=False)

    @property
    def method(self) -> str:
        """Return the name of the likelihood that was maximised."""
        return "REML" if self.reml else "ML"

    @property
    def log_likelihood(self) -> float:
        """Return the (restricted) log likelihood at the maximum."""
        return -self.deviance / 2

    @property
    def standard_errors(self) -> Mapping[str, float]:
        """Return the standard error of each coefficient by name."""
        errors = np.sqrt(np.diag(self.fixed.covariance))
        return dict(zip(self.names, map(float, errors), strict=True))

    def contrast(self, weights: Mapping[str, float], name: str) -> Estimate:
        """Estimate Σ weight × coefficient, with the fit's df."""
        return self.fixed.estimate(name, weighted(weights, self.names), self.level, self.n)

    def joint_test(self, rows: Mapping[str, Mapping[str, float]], name: str) -> HypothesisTest:
        """Test with F that several combinations, each given as for `contrast`, are all zero."""
        hypotheses = np.array([weighted(row, self.names) for row in rows.values()])
        return self.fixed.f_test(name, hypotheses, self.n)

    def type_three(self) -> tuple[HypothesisTest, ...]:
        """Test each fixed term with a type III F and the fit's df."""
        return tuple(
            self.fixed.f_test(name, rows, self.n) for name, rows in self.hypotheses.items()
        )


def fit_linear(
    table: pd.DataFrame,
    model: MixedModel,
    *,
    reml: bool = True,
    level: float = 0.95,
    df_method: DfMethod = "satterthwaite",
) -> LinearFit:
    """Fit by restricted or full maximum likelihood, descending `model.ladder` if needed.

    `df_method` is the method of the degrees of freedom; Kenward and Roger's also enlarges the
    standard errors and needs REML.
    Raises DesignError if the data cannot identify the model, SingularFitError or NotConvergedError
    if no step of the ladder is left; all are NotEstimableError.
    """
    if df_method == "kenward_roger" and not reml:
        raise ValueError("Kenward and Roger's method needs REML; set reml=True")
    table = table.reset_index(drop=True)
    outcome = numbers(table, model.outcome)
    fitted, model, decisions = descend(model, lambda m: _fit(table, outcome, m, reml))
    return _result(table, model, decisions, fitted, level, df_method)


@dataclass(frozen=True)
class AcceptedOptimum:
    """An accepted optimum with the problem that it solves."""

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
        optimum = minimise(problem.objective, relative.start, relative.bounds, problem.curvature)
    except np.linalg.LinAlgError as error:
        raise NotConvergedError(f"the linear mixed model did not converge: {error}") from error
    empty = relative.empty(optimum.point)
    # At a saddle the zero variance is where the search stopped, not the estimate.
    if empty and not optimum.is_saddle:
        raise SingularFitError(tuple(empty), "the fit is singular: " + "; ".join(empty.values()))
    require_minimum(optimum, LIMIT, "the linear mixed model")
    return AcceptedOptimum(design, outcome, problem, optimum, problem.evaluate(optimum.point))


def _require_remainder(problem: LinearProblem, outcome: Array, name: str) -> None:
    if np.ptp(outcome) <= 1e-12 * max(1.0, float(np.abs(outcome).max())):
        raise DesignError(
            f"all {len(outcome)} values of {name} equal {outcome[0]:g}; a model needs an outcome "
            "that varies, so remove it"
        )
    if problem.total <= 1e-26 * float(outcome @ outcome):
        raise ReproducedError(
            f"the fixed effects reproduce {name} exactly, so no residual is left; remove the terms "
            "that were computed from it"
        )


def _result(
    table: pd.DataFrame,
    model: MixedModel,
    decisions: tuple[Decision, ...],
    fitted: AcceptedOptimum,
    level: float,
    df_method: DfMethod,
) -> LinearFit:
    problem, optimum, at = fitted.problem, fitted.optimum, fitted.at
    fixed = fixed_effects(problem, at, optimum.hessian)
    sigma = float(np.sqrt(at.rss / problem.df))
    if df_method == "kenward_roger":
        lambdas = problem.relative.factors(optimum.point)
        fixed = kenward_roger(fixed, fitted.design, lambdas, sigma)
    names = fitted.design.fixed.names
    # Participants, as the first random factor, are the n of every estimate, not the rows.
    counts = {g.factor: g.count for g in fitted.design.groupings}
    n = counts[model.random[0].factor] if model.random else fitted.design.rows
    rows = np.eye(len(names))
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
    by_factor = {component.factor: component for component in components}
    return {term.name: by_factor[term.name] for term in model.random}
