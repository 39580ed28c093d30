"""Shared parts of logistic and cumulative-link models: the search, its checks, its result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, HypothesisTest
from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.design import Design
from analysis.statistics.mixed_models.errors import NotConvergedError, SingularFitError
from analysis.statistics.mixed_models.families import Family
from analysis.statistics.mixed_models.hypotheses import type_three_hypotheses
from analysis.statistics.mixed_models.laplace import LaplaceProblem
from analysis.statistics.mixed_models.optimise import Optimum, minimise, require_minimum
from analysis.statistics.mixed_models.quadrature import QuadratureProblem
from analysis.statistics.mixed_models.random_structure import Decision
from analysis.statistics.mixed_models.relative import Component, effect_tables
from analysis.statistics.mixed_models.satterthwaite import FixedEffects, weighted
from analysis.statistics.mixed_models.separation import proves_overlap, require_overlap
from analysis.statistics.mixed_models.specification import MixedModel

Wald = Literal["t", "z"]

LIMIT = 50.0  # logits; a larger parameter is diverging
LARGEST = 600.0  # logits of a ratio that a number can hold


@dataclass(frozen=True)
class GeneralisedFit:
    """A fit that converged and is not singular, on the scale of log odds.

    `method` names the approximation of the integral; `thresholds` is empty except for ordinal
    models. `effects` contains the conditional modes by factor. `n` of an estimate is the number of
    levels of the first random factor, or of rows without random terms. Standard errors come from
    the Hessian over all parameters; tests and intervals are Wald's, with Satterthwaite's df for
    models with random terms unless z was requested.
    """

    model: MixedModel
    decisions: tuple[Decision, ...]
    method: str
    level: float
    rows: int
    n: int
    names: tuple[str, ...]
    fixed: FixedEffects = field(repr=False)
    coefficients: Mapping[str, Estimate]
    thresholds: Mapping[str, Estimate]
    components: Mapping[str, Component]
    log_likelihood: float
    parameters: int
    hypotheses: Mapping[str, Array] = field(repr=False)
    effects: Mapping[str, pd.DataFrame] = field(repr=False)
    solution: "AcceptedOptimum" = field(repr=False)

    @property
    def deviance(self) -> float:
        """Return -2 log likelihood."""
        return -2 * self.log_likelihood

    @property
    def aic(self) -> float:
        """Return Akaike's information criterion."""
        return 2 * self.parameters - 2 * self.log_likelihood

    @property
    def standard_errors(self) -> Mapping[str, float]:
        """Return the standard error of each coefficient by name."""
        errors = np.sqrt(np.diag(self.fixed.covariance))
        return dict(zip(self.names, map(float, errors), strict=True))

    def contrast(self, weights: Mapping[str, float], name: str) -> Estimate:
        """Estimate Σ weight × coefficient in log odds."""
        return self.fixed.estimate(name, weighted(weights, self.names), self.level, self.n)

    def odds_ratio(self, weights: Mapping[str, float], name: str) -> Estimate:
        """Estimate exp of `contrast`, with its test that the odds ratio equals 1."""
        log = self.contrast(weights, name)
        if not abs(log.high) + abs(log.low) < LARGEST:
            raise NotEstimableError(
                f"the log of the {name} is {log.value:.3g} with an interval from {log.low:.3g} to "
                f"{log.high:.3g}, which is too wide to be expressed as a ratio"
            )
        value, low, high = (float(np.exp(x)) for x in (log.value, log.low, log.high))
        method = f"{log.method}, of the log"
        return Estimate(
            name, value, low, high, log.level, log.n, method, log.statistic, log.df, log.p
        )

    def type_three(self) -> tuple[HypothesisTest, ...]:
        """Test each fixed term with a type III Wald F (or χ²)."""
        return tuple(
            self.fixed.f_test(name, rows, self.n) for name, rows in self.hypotheses.items()
        )


@dataclass(frozen=True)
class AcceptedOptimum:
    """An accepted optimum with the problem that it solves."""

    design: Design
    problem: LaplaceProblem
    optimum: Optimum
    points: int

    @property
    def method(self) -> str:
        """Return the name of the approximation of the integral over the random effects."""
        if not self.design.groupings:
            return "maximum likelihood"
        if self.points == 1:
            return "Laplace"
        return f"adaptive Gauss-Hermite, {self.points} points"


def search(design: Design, family: Family, outcome: str, points: int) -> AcceptedOptimum:
    """Maximise the likelihood. Raises a NotEstimableError if the maximum cannot be trusted."""
    fixed = _fixed_only(design, family, outcome)
    problem = LaplaceProblem(design, family)
    start = np.concatenate([fixed.point, problem.relative.start])
    optimum = _minimum(problem, problem, start)
    if points > 1 and design.groupings:
        quadrature = QuadratureProblem(design, family, points)
        optimum = _minimum(problem, quadrature, optimum.point)
    return AcceptedOptimum(design, problem, optimum, points)


def _fixed_only(design: Design, family: Family, outcome: str) -> Optimum:
    """Fit without random effects, which gives the starting point and reveals separation."""
    problem = LaplaceProblem(Design(design.fixed, ()), family)
    columns = design.fixed.matrix, design.fixed.names
    try:
        optimum = minimise(problem.objective, problem.start, problem.bounds)
    except (np.linalg.LinAlgError, NotConvergedError):
        require_overlap(*columns, family, outcome)
        raise
    # A flat likelihood looks like a maximum to a search, so only a proof saves the programme.
    mode = problem.mode(optimum.point)
    if not proves_overlap(design.fixed.matrix, family, mode.eta, mode.extra):
        require_overlap(*columns, family, outcome)
    return optimum


def _minimum(
    problem: LaplaceProblem, task: LaplaceProblem | QuadratureProblem, start: Array
) -> Optimum:
    what = "the generalised mixed model"
    try:
        optimum = minimise(task.objective, start, problem.bounds)
    except np.linalg.LinAlgError as error:
        raise NotConvergedError(f"{what} did not converge: {error}") from error
    theta = problem.split(optimum.point)[2]
    empty = problem.relative.empty(theta)
    if empty and not optimum.is_saddle:
        raise SingularFitError(tuple(empty), "the fit is singular: " + "; ".join(empty.values()))
    require_minimum(optimum, LIMIT, what)
    return optimum


def result(
    table: pd.DataFrame,
    model: MixedModel,
    decisions: tuple[Decision, ...],
    solution: AcceptedOptimum,
    level: float,
    wald: Wald,
) -> GeneralisedFit:
    """Return the fit in the original columns.

    Ordinal models add their thresholds.
    """
    problem, optimum = solution.problem, solution.optimum
    names = solution.design.fixed.names
    fixed = _fixed_effects(solution, wald)
    rows = np.eye(len(names))
    # Participants, as the first random factor, are the n of every estimate, not the rows.
    counts = {grouping.factor: grouping.count for grouping in solution.design.groupings}
    n = counts[model.random[0].factor] if model.random else solution.design.rows
    components = {c.factor: c for c in problem.relative.components(problem.split(optimum.point)[2])}
    return GeneralisedFit(
        model,
        decisions,
        solution.method,
        level,
        solution.design.rows,
        n,
        names,
        fixed,
        {name: fixed.estimate(name, rows[i], level, n) for i, name in enumerate(names)},
        {},
        {term.name: components[term.name] for term in model.random},
        -optimum.value / 2,
        len(optimum.point),
        type_three_hypotheses(table, model, solution.design.fixed),
        effect_tables(solution.design.groupings, problem.effects(optimum.point)),
        solution,
    )


def _fixed_effects(solution: AcceptedOptimum, wald: Wald) -> FixedEffects:
    """Return the fixed effects in the original columns, with Satterthwaite's slopes of covariance.

    The slopes belong to the model linearised at the mode.
    """
    problem, point = solution.problem, solution.optimum.point
    size, end = problem.family.size, problem.family.size + problem.p
    covariance = parameter_covariance(solution.optimum)
    # d(inverse of I) = -(inverse of I) dI (inverse of I), restricted to the fixed effects.
    whole = covariance[:end, :end]
    by_theta = problem.information_slopes(problem.mode(point))
    slopes = -(whole @ by_theta @ whole)[:, size:, size:]
    spread = covariance[end:, end:]
    if wald == "z":
        slopes, spread = slopes[:0], spread[:0, :0]
    back = problem.back
    return FixedEffects(
        back @ problem.split(point)[1],
        back @ whole[size:, size:] @ back.T,
        back @ slopes @ back.T,
        spread,
        back @ back.T,
    )


def parameter_covariance(optimum: Optimum) -> Array:
    """Return the parameters' covariance: the inverse of half the deviance's Hessian."""
    return np.linalg.inv(optimum.hessian / 2).astype(np.float64)


def z_estimate(name: str, value: float, variance: float, level: float, n: int) -> Estimate:
    """Return a value with its z interval and z test of zero.

    Raises NotEstimableError if the variance is not positive.
    """
    if not variance > 0:
        raise NotEstimableError(f"{name}: its variance is estimated as {variance:g}")
    error = float(np.sqrt(variance))
    half = float(stats.norm.ppf((1 + level) / 2)) * error
    z = value / error
    p = float(2 * stats.norm.sf(abs(z)))
    return Estimate(name, value, value - half, value + half, level, n, "Wald z", z, None, p)
