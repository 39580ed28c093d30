"""Arms in effect coding: what a model's coefficients say of one arm against another."""

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate
from analysis.statistics.mixed_models.generalised import GeneralisedFit

NODES = 41  # of the quadrature over the random effects


def arm_difference(arms: tuple[str, ...], arm: str, control: str) -> dict[str, float]:
    """Weights of the effect-coded arm columns for arm minus control; the last level is minus all.

    Terms of `within` and the interaction drop out: the difference is over its levels, alike.
    """
    codes = _arm_codes(arms)
    difference = codes[arm] - codes[control]
    return {f"arm[{name}]": float(w) for name, w in zip(arms[:-1], difference, strict=True)}


def risk_difference(fit: GeneralisedFit, arms: tuple[str, ...], arm: str, control: str) -> Estimate:
    """Share in the arm minus share in the control, over people and images (g-computation).

    Each share is the logistic mean over normal random intercepts (Gauss-Hermite). The interval is
    the delta method in the fixed effects, given the estimated spreads, with Satterthwaite's df.
    """
    if any(term.slopes for term in fit.model.random):
        raise NotEstimableError("the spread differs between arms (random slopes)")
    if any(":" in name for name in fit.names):
        raise NotEstimableError("the difference depends on the level of the second factor")
    spread = float(np.sqrt(sum(one.sd**2 for one in fit.components.values())))
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    codes = _arm_codes(arms)
    values, slopes = [], []
    for name in (arm, control):
        row = np.concatenate([[1.0], codes[name]])
        chances = special.expit(float(row @ fit.fixed.beta) + spread * nodes)
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


def _arm_codes(arms: tuple[str, ...]) -> dict[str, npt.NDArray[np.float64]]:
    matrix = np.vstack([np.eye(len(arms) - 1), -np.ones(len(arms) - 1)])
    return dict(zip(arms, matrix, strict=True))
