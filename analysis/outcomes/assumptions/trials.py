"""Assumptions of the analyses of trials."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.assumptions.assumption import Assumption, Verdict, normality
from analysis.statistics.comparisons.clustered import ClusteredShare, clustered_share, odds_ratio
from analysis.statistics.estimate import Estimate, attempt
from analysis.statistics.mixed_models.generalised import GeneralisedFit
from analysis.statistics.mixed_models.linear import LinearFit

FEWEST_CLUSTERS = 20  # with fewer participants per arm, cluster-robust errors are too small
FEWEST_ANSWERS = 10  # with fewer answers of a kind per arm, odds ratios are biased away from 1
MOST_STEPS = 3.0  # largest ratio of an arm's odds ratios between steps of the answer


def of_fit(
    fit: LinearFit | GeneralisedFit, trials: pd.DataFrame, control: str, log: Sequence[str] = ()
) -> tuple[Assumption, ...]:
    """Check a fitted mixed model.

    `trials` has the columns arm, value and participant. `log` lists the differences between the
    planned and the fitted model; with any of them the planned model could not be fitted.
    """
    return tuple(_of_fit(fit, trials, control, log))


def of_shares(trials: pd.DataFrame, arms: tuple[str, ...]) -> tuple[Assumption, ...]:
    """Check cluster-robust shares: enough participants, and both answers often enough."""
    people = trials.groupby("arm")["participant"].nunique()
    least = int(min((people.get(arm, 0) for arm in arms), default=0))
    enough = Assumption(
        "clusters", "met" if least >= FEWEST_CLUSTERS else "doubtful", {"least": least}
    )
    return enough, both_answers(trials)


def not_fitted(reason: str) -> tuple[Assumption, ...]:
    """Return the single violated assumption of a model that could not be fitted."""
    return (Assumption("convergence", "not met", {}, detail=reason),)


def both_answers(trials: pd.DataFrame) -> Assumption:
    """Return how often the rarer answer occurs in the arm with fewest."""
    counts = trials.groupby("arm")["value"].agg(["sum", "count"])
    least = int(np.minimum(counts["sum"], counts["count"] - counts["sum"]).min())
    return Assumption("answers", "met" if least >= FEWEST_ANSWERS else "doubtful", {"least": least})


def proportional_odds(trials: pd.DataFrame, control: str) -> Iterator[Assumption]:
    """Describe, per arm, its odds ratio to the control at each step of the answer.

    Proportional odds means that all are equal; participants are clusters. Described and not tested:
    met if the largest is at most three times the smallest. Steps at which an arm has only one kind
    of answer are left out.
    """
    steps = np.sort(trials["value"].unique())[1:]
    for arm in [name for name in trials["arm"].unique() if name != control]:
        estimates = [
            attempt("odds ratio", partial(_at_step, trials, arm, control, float(step)))
            for step in steps
        ]
        # An arm with one kind of answer at a step has no odds there.
        ratios = [e.value for e in estimates if isinstance(e, Estimate)]
        if len(ratios) < 2:
            continue
        values = {"least": min(ratios), "most": max(ratios), "steps": len(ratios)}
        met = values["most"] / values["least"] <= MOST_STEPS
        yield Assumption("proportional_odds", "met" if met else "doubtful", values, arm)


def residuals(fit: LinearFit) -> npt.NDArray[np.float64]:
    """Return each row's outcome minus the fixed part and the predicted random effects."""
    design = fit.solution.design
    expected = design.fixed.matrix @ fit.fixed.beta
    for grouping in design.groupings:
        effects = fit.effects[grouping.factor].to_numpy(dtype=float)[grouping.codes]
        expected = expected + ((grouping.columns * grouping.scale) * effects).sum(axis=1)
    return np.asarray(fit.solution.outcome - expected, dtype=float)


def _of_fit(
    fit: LinearFit | GeneralisedFit, trials: pd.DataFrame, control: str, log: Sequence[str]
) -> Iterator[Assumption]:
    verdict: Verdict = "not met as planned" if log else "met"
    yield Assumption("convergence", verdict, {"steps": len(log)}, detail=". ".join(log))
    for factor, table in fit.effects.items():
        yield normality("random_effects", table.iloc[:, 0].to_numpy(dtype=float), factor)
    if isinstance(fit, LinearFit):
        # Only a linear model has residuals with a distribution that can be checked.
        errors = residuals(fit)
        yield normality("residuals", errors / errors.std(ddof=1))
        variances = pd.Series(errors).groupby(trials["arm"].to_numpy()).var(ddof=1)
        ratio = float(variances.max() / variances.min())
        met = ratio <= MOST_STEPS
        values = {"variance_ratio": ratio}
        yield Assumption("trial_spread", "met" if met else "doubtful", values)
    elif fit.thresholds:
        yield from proportional_odds(trials, control)
    else:
        yield both_answers(trials)


def _at_step(trials: pd.DataFrame, arm: str, control: str, step: float) -> Estimate:
    arm_trials, control_trials = (trials[trials["arm"] == name] for name in (arm, control))
    if arm_trials.empty or control_trials.empty:
        raise NotEstimableError(f"{arm} or {control} has no trials at this step")
    return odds_ratio(_share_from(arm_trials, step), _share_from(control_trials, step))


def _share_from(trials: pd.DataFrame, step: float) -> ClusteredShare:
    return clustered_share((trials["value"] >= step).astype(float), trials["participant"])
