"""Profile-likelihood intervals: all values that the data do not speak against.

The interval of a coefficient holds the values at which the deviance, minimised over everything
else, rises by less than the χ² quantile with one df. It needs no symmetry, so it is the better
one near separation and with few levels; it costs a search per value tried.
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

Profile = Callable[[float], float]  # lowest deviance at a fixed value of one coefficient

Point = tuple[float, Array]
FARTHEST = 8  # doublings of the Wald interval's half width


def profile_interval(fit: LinearFit | GeneralisedFit, name: str) -> Estimate:
    """The coefficient with its profile interval at the fit's level, and its Wald test as before.

    A linear fit must be by ML: restricted likelihoods do not compare values of coefficients.
    """
    if name not in fit.coefficients:
        raise ValueError(f"no coefficient {name!r}; the model has {list(fit.names)}")
    wald = fit.coefficients[name]
    profile = _linear(fit, name) if isinstance(fit, LinearFit) else _generalised(fit, name)
    quantile = float(stats.chi2.ppf(fit.level, 1))

    def rise(value: float) -> float:
        return profile(value) - fit.deviance - quantile

    low = _crossing(rise, wald.value, wald.low - wald.value, name)
    high = _crossing(rise, wald.value, wald.high - wald.value, name)
    return replace(wald, low=low, high=high, method="profile likelihood")


def sd_interval(fit: LinearFit | GeneralisedFit, factor: str) -> Estimate:
    """The SD of a factor's random intercepts with its profile interval at the fit's level.

    For factors without slopes. The lower limit is zero where the data do not speak against an
    empty factor. By REML for a fit by REML.
    """
    if factor not in fit.components:
        raise ValueError(f"no random factor {factor!r}; the model has {list(fit.components)}")
    component = fit.components[factor]
    if len(component.names) > 1:
        raise NotEstimableError(f"{factor} has slopes; profile intervals are for intercepts alone")
    place = [g.factor for g in fit.found.design.groupings].index(factor)
    profile = _linear_sd(fit, place) if isinstance(fit, LinearFit) else _sd(fit, place)
    quantile = float(stats.chi2.ppf(fit.level, 1))

    def rise(value: float) -> float:
        return profile(value) - fit.deviance - quantile

    sd = component.sd
    low = 0.0 if rise(0.0) <= 0 else float(optimize.brentq(rise, 0.0, sd, xtol=sd * 1e-4))
    high = _crossing(rise, sd, sd / 2, f"the SD of {factor}")
    method = "profile likelihood"
    return Estimate(f"SD of {factor}", sd, low, high, fit.level, component.levels, method)


def _entry(fit: LinearFit | GeneralisedFit, place: int) -> int:
    """Which θ belongs to the only effect of the grouping at `place`."""
    relative = fit.found.problem.relative
    return [index for index, _, _ in relative.entries].index(place)


def _linear_sd(fit: LinearFit, place: int) -> Profile:
    """Lowest deviance over the other θ and σ, with θ = SD / σ (intercepts have scale 1)."""
    problem, k = fit.found.problem, _entry(fit, place)
    point = np.append(np.delete(fit.found.optimum.point, k), np.log(fit.residual_sd))

    def profile(value: float) -> float:
        def objective(others: Array) -> Point:
            variance = np.exp(2 * others[-1])
            ratio = value / np.sqrt(variance)
            at = problem.evaluate(np.insert(others[:-1], k, ratio))
            deviance = at.penalty + problem.df * np.log(2 * np.pi * variance) + at.rss / variance
            slope = at.penalty_slope + at.rss_slope / variance
            by_log_sigma = 2 * problem.df - 2 * at.rss / variance - ratio * slope[k]
            return float(deviance), np.append(np.delete(slope, k), by_log_sigma)

        return lowest(objective, point, [(None, None)] * len(point))[0]

    return profile


def _sd(fit: GeneralisedFit, place: int) -> Profile:
    found = fit.found
    k = found.problem.family.size + found.problem.p + _entry(fit, place)
    task: LaplaceProblem | QuadratureProblem = found.problem
    if found.points > 1:
        task = QuadratureProblem(found.design, found.problem.family, found.points)
    point = np.delete(found.optimum.point, k)

    def profile(value: float) -> float:
        def objective(others: Array) -> Point:
            deviance, slope = task.objective(np.insert(others, k, value))
            return deviance, np.delete(slope, k)

        return lowest(objective, point, [(None, None)] * len(point))[0]

    return profile


def _crossing(rise: Callable[[float], float], inside: float, reach: float, name: str) -> float:
    """Where the rise is zero, between `inside` and a point far enough out."""
    start, outside = inside, inside + reach
    for _ in range(FARTHEST):
        if rise(outside) > 0:
            return float(optimize.brentq(rise, start, outside, xtol=abs(reach) * 1e-4))
        start, outside = outside, inside + 2 * (outside - inside)
    raise NotEstimableError(f"the likelihood of {name} does not fall off, so no interval closes")


def _without(design: Design, name: str) -> tuple[Design, Array]:
    """The design without one column, and that column."""
    place = design.fixed.names.index(name)
    names = tuple(other for other in design.fixed.names if other != name)
    fixed = replace(design.fixed, matrix=np.delete(design.fixed.matrix, place, 1), names=names)
    return replace(design, fixed=fixed), design.fixed.matrix[:, place]


def _linear(fit: LinearFit, name: str) -> Profile:
    if fit.reml:
        raise NotEstimableError("profile intervals of fixed effects need a fit with reml=False")
    design, column = _without(fit.found.design, name)
    outcome = fit.found.outcome
    point = fit.found.optimum.point

    def profile(value: float) -> float:
        problem = LinearProblem(design, outcome - value * column, reml=False)
        return lowest(problem.objective, point, problem.relative.bounds)[0]

    return profile


def _generalised(fit: GeneralisedFit, name: str) -> Profile:
    found = fit.found
    design, column = _without(found.design, name)
    own, _, theta = found.problem.split(found.optimum.point)
    kept = np.array(
        [b for other, b in zip(fit.names, fit.fixed.beta, strict=True) if other != name]
    )
    point: Array | None = None

    def profile(value: float) -> float:
        nonlocal point
        offset = value * column
        laplace = LaplaceProblem(design, found.problem.family, offset)
        if point is None:
            beta = laplace.basis.T @ (design.fixed.matrix @ kept) / design.rows
            point = np.concatenate([own, beta, theta])
        task: LaplaceProblem | QuadratureProblem = laplace
        if found.points > 1 and design.groupings:
            task = QuadratureProblem(design, found.problem.family, found.points, offset)
        deviance, point = lowest(task.objective, point, laplace.bounds)
        return deviance

    return profile
