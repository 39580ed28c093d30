"""The analysis "ancova": one score per participant, arms compared at the covariates' means."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.assumptions.assumption import Assumption, normality
from analysis.outcomes.finding import OutcomeFinding
from analysis.outcomes.one_way import ArmsAndTest
from analysis.plan.plan import Outcome
from analysis.plan.tables import PlannedContrast
from analysis.statistics.comparisons.covariance import (
    CovarianceModel,
    fit_covariance,
    slopes_test,
)
from analysis.statistics.comparisons.equivalence import (
    Equivalence,
    Verdict,
    equivalence_of,
    with_verdicts,
)
from analysis.statistics.comparisons.planned import ContrastResult
from analysis.statistics.comparisons.two_factors import partial_eta_squared
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, attempt
from analysis.statistics.multiplicity import holm
from analysis.statistics.requirements import arm_names
from analysis.study_data.covariates import covariate_values
from analysis.study_data.scoring import earlier_score
from analysis.study_data.study_data import StudyData
from analysis.study_data.times import time_words

BEFORE = "before"  # name of the earlier measurement among the covariates; not a participants' key


@dataclass(frozen=True)
class AdjustedMean:
    """An arm's mean at the covariates' means."""

    arm: str
    label: str
    mean: Estimate | NotEstimable


@dataclass(frozen=True)
class CovariateSlope:
    """A covariate: its mean if it is a number, and the test of equal slopes in all arms."""

    key: str
    label: str
    mean: float | None
    equal_slopes: HypothesisTest | NotEstimable


@dataclass(frozen=True)
class AdjustedContrast:
    """An arm's adjusted mean minus the control's.

    `p_adjusted` is Holm's over the arms. `equivalence`, with its p adjusted by Holm, and the
    `verdict` are None unless the plan declares a smallest effect.
    """

    arm: str
    label: str
    difference: Estimate | NotEstimable
    p_adjusted: float | None
    equivalence: Equivalence | NotEstimable | None = None
    p_equivalence: float | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Ancova:
    """Raw and adjusted means by arm, the test of the arms, and contrasts.

    `arms` summarises the raw scores of the participants analysed; `incomplete` counts those with a
    score who lack a covariate and are left out.
    """

    arms: tuple[ArmSummary, ...]
    test: HypothesisTest | NotEstimable
    partial_eta_squared: Estimate | NotEstimable
    adjusted: tuple[AdjustedMean, ...]
    covariates: tuple[CovariateSlope, ...]
    contrasts: tuple[AdjustedContrast, ...]
    planned: tuple[ContrastResult, ...]
    incomplete: int


def ancova(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> Ancova:
    """Compare the arms' scores at the means of the covariates, the earlier measurement first."""
    plan, arms = data.plan, data.plan.arms_of(outcome)
    table, labels = covariance_table(data, scores, outcome)
    complete = table.dropna()
    fit = attempt("ANCOVA", partial(_fit, table, data, outcome, labels))
    test = attempt("ANCOVA", lambda: _fitted(fit).arm_test())
    level = 1 - 2 * plan.alpha
    return Ancova(
        _summaries(complete, data, arms),
        test,
        attempt("partial eta squared", lambda: partial_eta_squared(_done(test), level)),
        tuple(
            AdjustedMean(arm, data.labels[arm], attempt("mean", partial(_mean, fit, arm)))
            for arm in arms
        ),
        tuple(
            CovariateSlope(
                name,
                label,
                float(complete[name].mean())
                if pd.api.types.is_numeric_dtype(complete[name]) and len(complete)
                else None,
                attempt("equal slopes", partial(_slopes, table, data, outcome, labels, name)),
            )
            for name, label in labels.items()
        ),
        _contrasts(fit, data, outcome),
        _planned(fit, data, outcome),
        int(table["score"].notna().sum()) - len(complete),
    )


def arms_and_test(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ArmsAndTest:
    """Return the scores by arm and the test of the arms."""
    arms = data.plan.arms_of(outcome)
    table, labels = covariance_table(data, scores, outcome)
    complete = table.dropna()
    return ArmsAndTest(
        _summaries(complete, data, arms),
        attempt("ANCOVA", lambda: _fit(table, data, outcome, labels).arm_test()),
    )


def _fit(
    table: pd.DataFrame, data: StudyData, outcome: Outcome, labels: Mapping[str, str]
) -> CovarianceModel:
    """Fit the model to the participants who have a score and all covariates."""
    _refuse_empty(table, labels)
    plan = data.plan
    return fit_covariance(
        table.dropna(), plan.arms_of(outcome), list(labels), plan.level, data.labels
    )


def _slopes(
    table: pd.DataFrame, data: StudyData, outcome: Outcome, labels: Mapping[str, str], name: str
) -> HypothesisTest:
    _refuse_empty(table, labels)
    arms = data.plan.arms_of(outcome)
    return slopes_test(table.dropna(), arms, list(labels), name, data.labels)


def _refuse_empty(table: pd.DataFrame, labels: Mapping[str, str]) -> None:
    """Raise NotEstimableError if nobody has a value of a covariate, whatever the arm."""
    empty = [repr(name) for name in labels if table[name].isna().all()]
    if empty:
        raise NotEstimableError(
            f"nobody has a value of the covariate {' or '.join(empty)}, and only participants with "
            "all covariates can be compared; look for the values, or take it out of the plan"
        )


def covariance_table(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return score, arm and each covariate per participant of the arms, and the labels by name."""
    table = pd.DataFrame(
        {"score": scores[outcome.key].to_numpy(dtype=float), "arm": scores["arm"].to_numpy()}
    )
    labels = {}
    if outcome.before:
        table[BEFORE] = earlier_score(data, outcome).to_numpy(dtype=float)
        labels[BEFORE] = f"{outcome.label}, {time_words(outcome.before)}"
    for name in outcome.covariates:
        labels[name], values = covariate_values(data, name)
        table[name] = values.to_numpy()
    return table[table["arm"].isin(data.plan.arms_of(outcome))], labels


def assumptions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Check the residuals, and equal slopes of each covariate in all arms."""
    if not isinstance(found, Ancova) or not isinstance(found.test, HypothesisTest):
        return ()
    table, labels = covariance_table(data, scores, outcome)
    residuals = fit_covariance(table.dropna(), data.plan.arms_of(outcome), list(labels)).residuals
    slopes = tuple(
        Assumption(
            "equal_slopes",
            _judged(covariate.equal_slopes, data.plan.alpha),
            {},
            covariate.label,
            covariate.equal_slopes,
        )
        for covariate in found.covariates
    )
    return (normality("residuals", residuals), *slopes)


def _judged(
    test: HypothesisTest | NotEstimable, alpha: float
) -> Literal["cannot be told", "doubtful", "met"]:
    if isinstance(test, NotEstimable):
        return "cannot be told"
    return "doubtful" if test.p < alpha else "met"


def _summaries(
    complete: pd.DataFrame, data: StudyData, arms: tuple[str, ...]
) -> tuple[ArmSummary, ...]:
    return tuple(
        summarise(
            arm,
            data.labels[arm],
            complete.loc[complete["arm"] == arm, "score"].to_numpy(float),
            data.plan.level,
        )
        for arm in arms
    )


def _contrasts(
    fit: CovarianceModel | NotEstimable, data: StudyData, outcome: Outcome
) -> tuple[AdjustedContrast, ...]:
    plan = data.plan
    others = [arm for arm in plan.arms_of(outcome) if arm != plan.control]
    differences = {
        arm: attempt(
            "difference",
            partial(_contrast, fit, {arm: 1.0, plan.control: -1.0}, "adjusted mean difference"),
        )
        for arm in others
    }
    adjusted = holm({arm: _p(difference) for arm, difference in differences.items()})
    contrasts = tuple(
        AdjustedContrast(arm, data.labels[arm], differences[arm], adjusted[arm]) for arm in others
    )
    smallest = outcome.smallest_effect
    if smallest is None:
        return contrasts
    tests = {
        arm: attempt("equivalence", partial(_equivalence, differences[arm], smallest, plan.alpha))
        for arm in others
    }
    return with_verdicts(contrasts, tests, adjusted, plan.alpha)


def _planned(
    fit: CovarianceModel | NotEstimable, data: StudyData, outcome: Outcome
) -> tuple[ContrastResult, ...]:
    contrasts, arms = data.plan.contrasts, data.plan.arms_of(outcome)

    def estimated(contrast: PlannedContrast) -> Estimate:
        absent = [arm for arm in contrast.weights if arm not in arms]
        if absent:
            raise NotEstimableError(
                f"the outcome was not measured in {arm_names(absent, data.labels)}"
            )
        return _contrast(fit, contrast.weights, contrast.label)

    differences = {c.key: attempt("contrast", partial(estimated, c)) for c in contrasts}
    # A contrast that cannot be estimated still counts in Holm's procedure.
    adjusted = holm({key: _p(difference) for key, difference in differences.items()})
    return tuple(
        ContrastResult(c.key, c.label, c.weights, differences[c.key], adjusted[c.key])
        for c in contrasts
    )


def _p(difference: Estimate | NotEstimable) -> float | None:
    return difference.p if isinstance(difference, Estimate) else None


def _equivalence(difference: Estimate | NotEstimable, smallest: float, alpha: float) -> Equivalence:
    if isinstance(difference, NotEstimable):
        raise NotEstimableError(difference.reason)
    return equivalence_of(difference, smallest, alpha)


def _mean(fit: CovarianceModel | NotEstimable, arm: str) -> Estimate:
    return _fitted(fit).adjusted_mean(arm)


def _contrast(
    fit: CovarianceModel | NotEstimable, weights: Mapping[str, float], name: str
) -> Estimate:
    return _fitted(fit).contrast(weights, name)


def _fitted(fit: CovarianceModel | NotEstimable) -> CovarianceModel:
    if isinstance(fit, NotEstimable):
        raise NotEstimableError(fit.reason)
    return fit


def _done(test: HypothesisTest | NotEstimable) -> HypothesisTest:
    if isinstance(test, NotEstimable):
        raise NotEstimableError(test.reason)
    return test
