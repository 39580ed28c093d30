"""Differences between arms from the coefficients of a model with effect-coded arms."""

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate
from analysis.statistics.mixed_models.generalised import GeneralisedFit

NODES = 41  # nodes of the quadrature over the random effects


def arm_difference(arms: tuple[str, ...], arm: str, control: str) -> dict[str, float]:
    """Return the weights of the effect-coded arm columns for `arm` minus `control`.

    Effect coding sets the last level to minus the sum of the others. Terms of a second factor and
    of the interaction cancel out, so the difference is averaged over that factor's levels with
    equal weights.
    """
    codes = _arm_codes(arms)
    difference = codes[arm] - codes[control]
    return {f"arm[{name}]": float(w) for name, w in zip(arms[:-1], difference, strict=True)}


def risk_difference(
    fit: GeneralisedFit, arms: tuple[str, ...], arm: str, control: str, factor: str = "arm"
) -> Estimate:
    """Return the difference in success probability between two arms, by g-computation.

    `factor` is the model's only fixed term, whose levels are `arms`.

    Each probability is the logistic mean over the normally distributed effects of participants and
    images in the arm (Gauss-Hermite quadrature). The interval uses the delta method in the fixed
    effects, with the estimated variances held fixed, and Satterthwaite's df. Raises
    NotEstimableError if the model contains an interaction.
    """
    if any(":" in name for name in fit.names):
        raise NotEstimableError("the difference depends on the level of the second factor")
    # Independent normal effects add up to a single normal term, so one quadrature is enough.
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    codes = _arm_codes(arms)
    values, slopes = [], []
    for name in (arm, control):
        row = np.concatenate([[1.0], codes[name]])
        chances = special.expit(float(row @ fit.fixed.beta) + _spread(fit, factor, name) * nodes)
        values.append(float(weights @ chances))
        slopes.append(float(weights @ (chances * (1 - chances))) * row)
    value, slope = values[0] - values[1], slopes[0] - slopes[1]
    error = float(np.sqrt(slope @ fit.fixed.covariance @ slope))
    df = fit.fixed.df(slope)
    half = float(stats.t.ppf((1 + fit.level) / 2, df)) * error
    t = value / error
    return Estimate(
        "risk difference",
        value,
        max(-1.0, value - half),
        min(1.0, value + half),
        fit.level,
        fit.n,
        "g-computation, delta, t",
        t,
        df if np.isfinite(df) else None,
        float(2 * stats.t.sf(abs(t), df)),
    )


def _spread(fit: GeneralisedFit, factor: str, level: str) -> float:
    """Return the SD of the sum of all random effects at a level of the factor."""
    variance = 0.0
    for component in fit.components.values():
        sds = dict(zip(component.names, component.sds, strict=True))
        # With an unconstrained covariance between levels, each level has a variance of its own.
        variance += sds.get(f"{factor}[{level}]", component.sd) ** 2
    return float(np.sqrt(variance))


def _arm_codes(arms: tuple[str, ...]) -> dict[str, npt.NDArray[np.float64]]:
    matrix = np.vstack([np.eye(len(arms) - 1), -np.ones(len(arms) - 1)])
    return dict(zip(arms, matrix, strict=True))
