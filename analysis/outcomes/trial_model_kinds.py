"""The kinds of trial-level model that a plan can ask for: how each is fitted and read.

A new kind is an entry of FAMILIES and one of plan.catalogues.analyses.ANALYSES.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.statistics.arm_effects import risk_difference
from analysis.statistics.estimate import Estimate
from analysis.statistics.mixed_models.errors import DesignError
from analysis.statistics.mixed_models.generalised import GeneralisedFit
from analysis.statistics.mixed_models.linear import LinearFit, fit_linear
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.ordinal import fit_cumulative
from analysis.statistics.mixed_models.specification import MixedModel

Fit = LinearFit | GeneralisedFit
MOST_ANSWERS = 20  # different ordered answers; more are a number, not an order


@dataclass(frozen=True)
class TrialFamily:
    """A kind of model: `name` in words, `effect` an arm's against the control, `arms` what differs.

    `fit`: (table with `value`, model, level) → a fit that can be trusted, or NotEstimableError.
    `marginal`: (fit, arms, arm, control) → the arm's effect over people and images.
    """

    name: str
    effect: str
    arms: str
    fit: Callable[[pd.DataFrame, MixedModel, float], Fit]
    contrast: Callable[[Fit, Mapping[str, float]], Estimate]
    marginal: Callable[[Fit, tuple[str, ...], str, str], Estimate] | None = None


def linear(table: pd.DataFrame, model: MixedModel, level: float) -> Fit:
    """REML, Satterthwaite's df."""
    return fit_linear(table, model, level=level)


def logistic(table: pd.DataFrame, model: MixedModel, level: float) -> Fit:
    """Laplace; the outcome holds 0 and 1."""
    return fit_logistic(table, model, level=level)


def ordinal(table: pd.DataFrame, model: MixedModel, level: float) -> Fit:
    """Laplace, proportional odds; of the outcome's numbers only their order is used."""
    answers = table[model.outcome].nunique()
    if answers > MOST_ANSWERS:
        raise DesignError(
            f"the column holds {answers} different values, and more than {MOST_ANSWERS} are no "
            "ordered answers; use linear_trials"
        )
    if (table[model.outcome] % 1 == 0).all():  # so that thresholds are named 1|2, not 1.0|2.0
        table = table.astype({model.outcome: "int64"})
    return fit_cumulative(table, model, level=level)


def _difference(fit: Fit, weights: Mapping[str, float]) -> Estimate:
    return fit.contrast(weights, "mean difference")


def _odds_ratio(fit: Fit, weights: Mapping[str, float]) -> Estimate:
    if not isinstance(fit, GeneralisedFit):
        raise TypeError("only models of odds have an odds ratio")
    return fit.odds_ratio(weights, "odds ratio")


def _risk_difference(fit: Fit, arms: tuple[str, ...], arm: str, control: str) -> Estimate:
    if not isinstance(fit, GeneralisedFit):
        raise TypeError("only models of odds have a risk difference")
    return risk_difference(fit, arms, arm, control)


FAMILIES: Mapping[str, TrialFamily] = {
    "linear_trials": TrialFamily("linear, REML", "Difference", "arm means", linear, _difference),
    "logistic_trials": TrialFamily(
        "logistic, Laplace", "Odds ratio", "arms' odds", logistic, _odds_ratio, _risk_difference
    ),
    "ordinal_trials": TrialFamily(
        "cumulative logit with proportional odds, Laplace",
        "Odds ratio of a higher answer",
        "arms' odds of a higher answer",
        ordinal,
        _odds_ratio,
    ),
}
