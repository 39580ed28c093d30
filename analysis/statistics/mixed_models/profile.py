"""Profile-likelihood intervals, which contain all values that the data do not reject.

The interval of a coefficient contains the values at which the deviance, minimised over all other
parameters, rises by less than the χ² quantile with one df. It does not assume symmetry, so it is
preferable near separation and with few levels, but it needs a search for every value tried.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import optimize, stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate
from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.design import Design
from analysis.statistics.mixed_models.deviance import LinearProblem
from analysis.statistics.mixed_models.generalised import GeneralisedFit
from analysis.statistics.mixed_models.laplace import LaplaceProblem
from analysis.statistics.mixed_models.linear import LinearFit
from analysis.statistics.mixed_models.optimise import lowest
from analysis.statistics.mixed_models.quadrature import QuadratureProblem

Profile = Callable[[float], float]  # lowest deviance at a fixed value of a coefficient

Point = tuple[float, Array]
FARTHEST = 8  # doublings of the Wald interval's half width


def profile_interval(fit: LinearFit | GeneralisedFit, name: str) -> Estimate:
    """Return the coefficient with its profile interval at the fit's level, keeping its Wald test.

    Raises ValueError for an unknown coefficient, NotEstimableError for a REML fit: restricted
    likelihoods at different values of a coefficient cannot be compared.
    """
    if name not in fit.coefficients:
        raise ValueError(f"no coefficient {name!r}; the model has {', '.join(fit.names)}")
    wald = fit.coefficients[name]
    profile = _linear(fit, name) if isinstance(fit, LinearFit) else _generalised(fit, name)
    quantile = float(stats.chi2.ppf(fit.level, 1))

    def rise(value: float) -> float:
        return profile(value) - fit.deviance - quantile

    low = _crossing(rise, wald.value, wald.low - wald.value, name)
    high = _crossing(rise, wald.value, wald.high - wald.value, name)
    return replace(wald, low=low, high=high, method="profile likelihood")


def sd_interval(fit: LinearFit | GeneralisedFit, factor: str) -> Estimate:
    """Return the SD of a factor's random intercepts with its profile interval at the fit's level.

    The lower limit is zero if the data do not reject a variance of zero. A REML fit is profiled by
    REML. Raises ValueError for an unknown factor, NotEstimableError for a factor with slopes.
    """
    if factor not in fit.components:
        raise ValueError(f"no random factor {factor!r}; the model has {', '.join(fit.components)}")
    component = fit.components[factor]
    if len(component.names) > 1:
        raise NotEstimableError(
            f"{factor} has slopes, but its profile interval needs intercepts alone; remove them"
        )
    profile = _linear_sd(fit, factor) if isinstance(fit, LinearFit) else _sd(fit, factor)
    quantile = float(stats.chi2.ppf(fit.level, 1))

    def rise(value: float) -> float:
        return profile(value) - fit.deviance - quantile

    # At SD 0 the likelihood is on the boundary, so the lower limit may be exactly 0.
    sd = component.sd
    low = 0.0 if rise(0.0) <= 0 else float(optimize.brentq(rise, 0.0, sd, xtol=sd * 1e-4))
    high = _crossing(rise, sd, sd / 2, f"the SD of {factor}")
    method = "profile likelihood"
    return Estimate(f"SD of {factor}", sd, low, high, fit.level, component.levels, method)


def _linear_sd(fit: LinearFit, factor: str) -> Profile:
    """Profile the deviance over the other θ and σ, with θ = SD / σ (intercepts have scale 1)."""
    problem = fit.solution.problem
    k = problem.relative.parameter(factor)
    point = np.append(np.delete(fit.solution.optimum.point, k), np.log(fit.residual_sd))

    def profile(value: float) -> float:
        def objective(others: Array) -> Point:
            # log σ is unconstrained, and the residual variance cannot become negative.
            variance = np.exp(2 * others[-1])
            ratio = value / np.sqrt(variance)
            at = problem.evaluate(np.insert(others[:-1], k, ratio))
            deviance = at.penalty + problem.df * np.log(2 * np.pi * variance) + at.rss / variance
            slope = at.penalty_slope + at.rss_slope / variance
            by_log_sigma = 2 * problem.df - 2 * at.rss / variance - ratio * slope[k]
            return float(deviance), np.append(np.delete(slope, k), by_log_sigma)

        return lowest(objective, point, [(None, None)] * len(point))[0]

    return profile


def _sd(fit: GeneralisedFit, factor: str) -> Profile:
    solution = fit.solution
    k = solution.problem.family.size + solution.problem.p
    k += solution.problem.relative.parameter(factor)
    task: LaplaceProblem | QuadratureProblem = solution.problem
    if solution.points > 1:
        task = QuadratureProblem(solution.design, solution.problem.family, solution.points)
    point = np.delete(solution.optimum.point, k)

    def profile(value: float) -> float:
        def objective(others: Array) -> Point:
            deviance, slope = task.objective(np.insert(others, k, value))
            return deviance, np.delete(slope, k)

        return lowest(objective, point, [(None, None)] * len(point))[0]

    return profile


def _crossing(rise: Callable[[float], float], inside: float, reach: float, name: str) -> float:
    """Return the point where the rise is zero, between `inside` and a point far enough outside."""
    start, outside = inside, inside + reach
    for _ in range(FARTHEST):
        if rise(outside) > 0:
            return float(optimize.brentq(rise, start, outside, xtol=abs(reach) * 1e-4))
        start, outside = outside, inside + 2 * (outside - inside)
    raise NotEstimableError(f"the likelihood of {name} does not fall off, so it has no interval")


def _without(design: Design, name: str) -> tuple[Design, Array]:
    """Return the design without one column, and that column."""
    place = design.fixed.names.index(name)
    names = tuple(other for other in design.fixed.names if other != name)
    fixed = replace(design.fixed, matrix=np.delete(design.fixed.matrix, place, 1), names=names)
    return replace(design, fixed=fixed), design.fixed.matrix[:, place]


def _linear(fit: LinearFit, name: str) -> Profile:
    if fit.reml:
        raise NotEstimableError("profile intervals of fixed effects need a fit with reml=False")
    design, column = _without(fit.solution.design, name)
    outcome = fit.solution.outcome
    point = fit.solution.optimum.point

    def profile(value: float) -> float:
        problem = LinearProblem(design, outcome - value * column, reml=False)
        return lowest(problem.objective, point, problem.relative.bounds)[0]

    return profile


def _generalised(fit: GeneralisedFit, name: str) -> Profile:
    solution = fit.solution
    design, column = _without(solution.design, name)
    extra, _, theta = solution.problem.split(solution.optimum.point)
    kept = np.array(
        [b for other, b in zip(fit.names, fit.fixed.beta, strict=True) if other != name]
    )
    point: Array | None = None

    def profile(value: float) -> float:
        nonlocal point
        # Each search starts where the last search ended, because neighbouring optima are close.
        offset = value * column
        laplace = LaplaceProblem(design, solution.problem.family, offset)
        if point is None:
            beta = laplace.basis.T @ (design.fixed.matrix @ kept) / design.rows
            point = np.concatenate([extra, beta, theta])
        task: LaplaceProblem | QuadratureProblem = laplace
        if solution.points > 1 and design.groupings:
            task = QuadratureProblem(design, solution.problem.family, solution.points, offset)
        deviance, point = lowest(task.objective, point, laplace.bounds)
        return deviance

    return profile
