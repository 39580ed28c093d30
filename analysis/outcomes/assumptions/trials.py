"""Assumptions of the analyses of trials."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.assumptions.assumption import Assumption
from analysis.outcomes.assumptions.normality import normality
from analysis.statistics.comparisons.clustered import ClusteredShare, clustered_share, odds_ratio
from analysis.statistics.estimate import Estimate, attempt
from analysis.statistics.mixed_models.generalised import GeneralisedFit
from analysis.statistics.mixed_models.linear import LinearFit

FEWEST_CLUSTERS = 20  # participants per arm below which cluster-robust errors are thought too small
FEWEST_ANSWERS = 10  # of each kind per arm below which odds ratios are biased away from 1
MOST_STEPS = 3.0  # ratio of an arm's odds ratios between the answers' steps


def of_fit(
    fit: LinearFit | GeneralisedFit, trials: pd.DataFrame, control: str
) -> tuple[Assumption, ...]:
    """Of a mixed model that was fitted: `trials` has arm, value and participant."""
    return tuple(_of_fit(fit, trials, control))


def of_shares(trials: pd.DataFrame, arms: tuple[str, ...]) -> tuple[Assumption, ...]:
    """Of cluster-robust shares: enough participants, and both answers often enough."""
    people = trials.groupby("arm")["participant"].nunique()
    least = int(min((people.get(arm, 0) for arm in arms), default=0))
    enough = Assumption(
        "clusters", "met" if least >= FEWEST_CLUSTERS else "doubtful", {"least": least}
    )
    return enough, both_answers(trials)


def not_fitted(reason: str) -> tuple[Assumption, ...]:
    """Of a model that has no numbers."""
    return (Assumption("convergence", "not met", {}, detail=reason),)


def both_answers(trials: pd.DataFrame) -> Assumption:
    """How rare the rarer answer is in the arm where it is rarest."""
    counts = trials.groupby("arm")["value"].agg(["sum", "count"])
    least = int(np.minimum(counts["sum"], counts["count"] - counts["sum"]).min())
    return Assumption("answers", "met" if least >= FEWEST_ANSWERS else "doubtful", {"least": least})


def proportional_odds(trials: pd.DataFrame, control: str) -> Iterator[Assumption]:
    """Per arm, its odds ratio to the control at each step of the answers, people as clusters.

    Proportional odds say that all are the same. Described, not tested: met where the largest is at
    most three times the smallest; steps at which an arm has a single answer are left out.
    """
    steps = np.sort(trials["value"].unique())[1:]
    for arm in [one for one in trials["arm"].unique() if one != control]:
        found = [
            attempt("odds ratio", partial(_at_step, trials, arm, control, float(step)))
            for step in steps
        ]
        ratios = [one.value for one in found if isinstance(one, Estimate)]
        if len(ratios) < 2:
            continue
        values = {"least": min(ratios), "most": max(ratios), "steps": len(ratios)}
        met = values["most"] / values["least"] <= MOST_STEPS
        yield Assumption("proportional_odds", "met" if met else "doubtful", values, arm)


def residuals(fit: LinearFit) -> npt.NDArray[np.float64]:
    """(rows,): the outcome less fixed part and predicted random effects."""
    design = fit.found.design
    expected = design.fixed.matrix @ fit.fixed.beta
    for grouping in design.groupings:
        effects = fit.effects[grouping.factor].to_numpy(dtype=float)[grouping.codes]
        expected = expected + ((grouping.columns * grouping.scale) * effects).sum(axis=1)
    return np.asarray(fit.found.outcome - expected, dtype=float)


def _of_fit(
    fit: LinearFit | GeneralisedFit, trials: pd.DataFrame, control: str
) -> Iterator[Assumption]:
    yield Assumption(
        "convergence",
        "met",
        {"steps": len(fit.decisions)},
        detail="; ".join(f"{one.step} of {one.factor}" for one in fit.decisions),
    )
    for factor, table in fit.effects.items():
        yield normality("random_effects", table.iloc[:, 0].to_numpy(dtype=float), factor)
    if isinstance(fit, LinearFit):
        left = residuals(fit)
        yield normality("residuals", left / left.std(ddof=1))
        variances = pd.Series(left).groupby(trials["arm"].to_numpy()).var(ddof=1)
        ratio = float(variances.max() / variances.min())
        met = ratio <= MOST_STEPS
        values = {"variance_ratio": ratio}
        yield Assumption("trial_spread", "met" if met else "doubtful", values)
    elif fit.thresholds:
        yield from proportional_odds(trials, control)
    else:
        yield both_answers(trials)


def _at_step(trials: pd.DataFrame, arm: str, control: str, step: float) -> Estimate:
    own, other = (trials[trials["arm"] == name] for name in (arm, control))
    if own.empty or other.empty:
        raise NotEstimableError(f"{arm} or {control} has no trials")
    return odds_ratio(_share_from(own, step), _share_from(other, step))


def _share_from(trials: pd.DataFrame, step: float) -> ClusteredShare:
    return clustered_share((trials["value"] >= step).astype(float), trials["participant"])
