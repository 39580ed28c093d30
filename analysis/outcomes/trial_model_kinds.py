"""Kinds of trial-level model that a plan can declare: how each is fitted and read.

A new kind is an entry in FAMILIES and an entry in plan.catalogues.analyses.ANALYSES.
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
MOST_ANSWERS = 20  # ordinal models accept at most this many different answers


@dataclass(frozen=True)
class TrialFamily:
    """A kind of trial-level model, with the functions that fit it and read its effects.

    `name` names it in words, `effect` the effect of an arm, `arms` the quantity that is compared.
    `fit` takes (table with `value`, model, level) and returns a trustworthy fit or raises
    NotEstimableError. `marginal` takes (fit, arms, arm, control, factor) and returns the arm's
    effect averaged over participants and images; `factor` is the term of the arms.
    """

    name: str
    effect: str
    arms: str
    fit: Callable[[pd.DataFrame, MixedModel, float], Fit]
    contrast: Callable[[Fit, Mapping[str, float]], Estimate]
    marginal: Callable[[Fit, tuple[str, ...], str, str, str], Estimate] | None = None


def linear(table: pd.DataFrame, model: MixedModel, level: float) -> Fit:
    """Fit by REML with Satterthwaite's df."""
    return fit_linear(table, model, level=level)


def logistic(table: pd.DataFrame, model: MixedModel, level: float) -> Fit:
    """Fit by Laplace's approximation.

    The outcome must contain only 0 and 1.
    """
    return fit_logistic(table, model, level=level)


def ordinal(table: pd.DataFrame, model: MixedModel, level: float) -> Fit:
    """Fit proportional odds by Laplace's approximation, using only the order of the answers.

    Raises NotEstimableError for more than MOST_ANSWERS different answers.
    """
    answers = table[model.outcome].nunique()
    if answers > MOST_ANSWERS:
        raise DesignError(
            f"the column contains {answers} different values, but an ordinal model accepts at most "
            f"{MOST_ANSWERS}; use linear_trials"
        )
    if (table[model.outcome] % 1 == 0).all():  # thresholds are then named 1|2 instead of 1.0|2.0
        table = table.astype({model.outcome: "int64"})
    return fit_cumulative(table, model, level=level)


def _difference(fit: Fit, weights: Mapping[str, float]) -> Estimate:
    return fit.contrast(weights, "mean difference")


def _odds_ratio(fit: Fit, weights: Mapping[str, float]) -> Estimate:
    if not isinstance(fit, GeneralisedFit):
        raise TypeError("only logistic and ordinal models have an odds ratio")
    return fit.odds_ratio(weights, "odds ratio")


def _risk_difference(
    fit: Fit, arms: tuple[str, ...], arm: str, control: str, factor: str = "arm"
) -> Estimate:
    if not isinstance(fit, GeneralisedFit):
        raise TypeError("only logistic models have a risk difference")
    return risk_difference(fit, arms, arm, control, factor)


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
