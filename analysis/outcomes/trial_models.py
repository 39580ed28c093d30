"""Analyses of trials with a row per trial and random participants and images (FAMILIES).

Trials are not averaged to scores first, so an undefined ratio or an image that happened to be
difficult cannot produce a difference between arms.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.outcomes.assumptions.assumption import Assumption
from analysis.outcomes.assumptions.trials import not_fitted, of_fit
from analysis.outcomes.binary_trials import population_trials
from analysis.outcomes.finding import OutcomeFinding
from analysis.outcomes.one_way import ArmsAndTest, scores_by_arm
from analysis.outcomes.random_terms import formula, planned_random, simplifications
from analysis.outcomes.separated import separation_in_words
from analysis.outcomes.trial_model_kinds import FAMILIES, Fit, TrialFamily
from analysis.plan.plan import Outcome, Plan
from analysis.statistics.arm_effects import arm_difference
from analysis.statistics.comparisons.equivalence import (
    Equivalence,
    Verdict,
    equivalence_of,
    with_verdicts,
)
from analysis.statistics.comparisons.two_factors import aligned, partial_eta_squared
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, attempt
from analysis.statistics.mixed_models.errors import SeparationError
from analysis.statistics.mixed_models.linear import LinearFit, fit_linear
from analysis.statistics.mixed_models.specification import (
    Categorical,
    Interaction,
    MixedModel,
    Term,
)
from analysis.statistics.multiplicity import holm
from analysis.statistics.requirements import arm_names
from analysis.study_data.rows_in_words import contrast_words
from analysis.study_data.study_data import StudyData

MOST_SD = 3.0
"""Largest SD in log odds of a random term up to which the report does not warn of Laplace's
approximation."""


@dataclass(frozen=True)
class ModelContrast:
    """An arm against the control, averaged over the levels of `within` if the plan declares it.

    `estimate` is the effect named by its family, conditional on participants and images. `marginal`
    is the risk difference averaged over participants and images (logistic models only).
    `p_adjusted` is Holm's over the arms. `equivalence`, with its p adjusted by Holm, tests
    `marginal` in logistic models and `estimate` in linear models; it and the `verdict` are None
    unless the plan declares a smallest effect.
    """

    arm: str
    label: str
    estimate: Estimate | NotEstimable
    marginal: Estimate | NotEstimable | None
    p_adjusted: float | None
    equivalence: Equivalence | NotEstimable | None = None
    p_equivalence: float | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Spread:
    """SD of a random term's effects, and its number of levels or cells.

    `factor` is the term's name, such as "image" or "image:arm". `at` is empty for intercepts and
    otherwise the cell whose effects have this SD, such as "arm[lime]".
    """

    factor: str
    levels: int
    sd: float
    at: str = ""


@dataclass(frozen=True)
class TrialModel:
    """Results of a trial-level model.

    `test` is the test of the arms' effect, or the reason why there is no model. `terms`
    contains the type III test of every fixed term, `sizes` their partial eta squared (linear models
    only), `aligned_ranks` their tests on aligned ranks (linear models with a second factor only).
    `thresholds` separate adjacent answers, in log odds (ordinal models only). `checks` are the
    model's assumptions with the evidence in the data. `log` describes each simplification from the
    planned model to the fitted model; `df_method` names the approximation of the degrees of
    freedom.
    """

    arms: tuple[ArmSummary, ...]
    model: str
    test: HypothesisTest | NotEstimable
    terms: Mapping[str, HypothesisTest]
    sizes: Mapping[str, Estimate | NotEstimable]
    contrasts: tuple[ModelContrast, ...]
    spreads: tuple[Spread, ...]
    residual_sd: float | None
    rows: int
    log: tuple[str, ...]
    aligned_ranks: Mapping[str, HypothesisTest | NotEstimable]
    thresholds: Mapping[str, Estimate]
    checks: tuple[Assumption, ...]
    df_method: str = ""

    @property
    def is_rough(self) -> bool:
        """Return whether a random term varies too much for Laplace's approximation to be trusted.

        Answers to a level of the term then hardly vary, and the approximation is poor for few
        answers of two values with a large variance (Joe, 2008, Computational Statistics & Data
        Analysis, 52, 5066-5074). The limit is a convention of this report.
        """
        return self.residual_sd is None and any(one.sd > MOST_SD for one in self.spreads)


def trial_model(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> TrialModel:
    """Fit the mixed model of the outcome's trials that its analysis names."""
    plan, family = data.plan, FAMILIES[outcome.analysis]
    groups = scores_by_arm(scores, outcome, data)
    arms = tuple(summarise(arm, data.labels[arm], groups[arm], plan.level) for arm in groups)
    trials = population_trials(data, outcome)
    fitted = attempt("mixed model", partial(_fit, trials, outcome, data, family))
    if isinstance(fitted, NotEstimable):
        return _not_fitted(arms, fitted, len(trials))
    terms = {test.name: test for test in fitted.type_three()}
    tested = compared_factor(outcome, plan)
    # F is one-sided, so an interval of 1 − 2α excludes 0 exactly where the test rejects.
    level = 1 - 2 * plan.alpha
    table = _stated(trials, outcome, data)[0]
    log = (*planned_random(table, outcome).refused, *simplifications(fitted.decisions))
    return TrialModel(
        arms,
        formula(outcome, fitted.model),
        terms[tested],
        terms,
        {n: attempt(n, partial(partial_eta_squared, t, level)) for n, t in terms.items()}
        if isinstance(fitted, LinearFit)
        else {},
        _contrasts(fitted, family, data, outcome)
        if tested == "arm"
        else _level_contrasts(fitted, family, outcome, trials),
        tuple(_spreads(fitted)),
        fitted.residual_sd if isinstance(fitted, LinearFit) else None,
        fitted.rows,
        log,
        _aligned_ranks(trials, outcome, fitted, data)
        if isinstance(fitted, LinearFit) and outcome.within is not None and tested == "arm"
        else {},
        {} if isinstance(fitted, LinearFit) else fitted.thresholds,
        of_fit(fitted, _checked_trials(trials, outcome), plan.control, log),
        fitted.fixed.method,
    )


def _spreads(fit: Fit) -> Iterator[Spread]:
    full = {term.name for term in fit.model.random if not term.intercept}
    for name, component in fit.components.items():
        if name not in full:
            yield Spread(name, component.levels, float(component.sd))
            continue
        for cell, sd in zip(component.names, component.sds, strict=True):
            yield Spread(name, component.levels, float(sd), cell)


def assumptions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Return the model's assumptions, or the reason why it could not be fitted."""
    return found.checks if isinstance(found, TrialModel) else ()


def _checked_trials(trials: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Return the rows that the model uses, in its order, with the columns that its checks need."""
    within = [] if outcome.within is None else [outcome.within]
    needed = list(dict.fromkeys(["arm", "value", *outcome.random, *within]))
    return trials.dropna(subset=needed)[["arm", "value", "participant"]].reset_index(drop=True)


def compared_factor(outcome: Outcome, plan: Plan) -> str:
    """Return the factor that the model's test compares: the arm, or `within` in a single arm."""
    return "arm" if len(plan.arms_of(outcome)) > 1 else str(outcome.within)


def _fit(trials: pd.DataFrame, outcome: Outcome, data: StudyData, family: TrialFamily) -> Fit:
    table, model = _stated(trials, outcome, data)
    if outcome.degrees_of_freedom == "kenward_roger":  # the plan allows it in linear models only
        return fit_linear(table, model, level=data.plan.level, df_method="kenward_roger")
    try:
        return family.fit(table, model, data.plan.level)
    except SeparationError as error:
        # The error names columns of the model's matrix, which no plan contains.
        labelled = table.assign(arm=table["arm"].replace(data.labels))
        raise separation_in_words(labelled, outcome, error) from error


def _stated(
    trials: pd.DataFrame, outcome: Outcome, data: StudyData
) -> tuple[pd.DataFrame, MixedModel]:
    """Return the rows and the model that the plan declares."""
    arms = data.plan.arms_of(outcome)
    empty = [arm for arm in arms if not (trials["arm"] == arm).any()]
    if empty:
        verb = "has" if len(empty) == 1 else "have"
        raise NotEstimableError(f"{arm_names(empty, data.labels)} {verb} no trials of this outcome")
    # Sum coding, so that type III tests are of main effects and contrasts average over `within`.
    # The arms are sorted, so that their order in the plan cannot even change a rounding error.
    arm = Categorical("arm", levels=tuple(sorted(arms)), coding="sum")
    fixed: tuple[Term, ...] = (arm,) if len(arms) > 1 else ()
    columns = ["arm", "value", *outcome.random]
    if outcome.within is not None:
        within = Categorical(outcome.within, coding="sum")
        fixed = (arm, within, Interaction((arm, within))) if len(arms) > 1 else (within,)
        columns.append(outcome.within)
    table = trials[list(dict.fromkeys(columns))].dropna()
    for name in table.columns.difference(["value"]):
        table[name] = table[name].astype(str)
    return table, MixedModel("value", fixed, planned_random(table, outcome).terms)


def planned_model(
    trials: pd.DataFrame, outcome: Outcome, data: StudyData
) -> tuple[pd.DataFrame, MixedModel]:
    """Return the rows and the model that the plan declares, for an analysis other than Wald's."""
    return _stated(trials, outcome, data)


def _aligned_ranks(
    trials: pd.DataFrame, outcome: Outcome, fit: LinearFit, data: StudyData
) -> dict[str, HypothesisTest | NotEstimable]:
    """Test each effect in the fitted model on ranks aligned for that effect.

    Wobbrock et al. (2011) with a mixed model, as in R's ARTool; a secondary analysis.
    """
    table, _ = _stated(trials, outcome, data)
    cells = table.rename(columns={"value": "score", "arm": "a", str(outcome.within): "b"})
    names = {"a": "arm", "b": str(outcome.within), "a:b": f"arm:{outcome.within}"}

    def test(effect: str) -> HypothesisTest:
        ranks = stats.rankdata(np.round(aligned(cells, effect), 10))
        again = fit_linear(
            table.assign(value=ranks),
            fit.model,
            level=data.plan.level,
            df_method=outcome.degrees_of_freedom,
        )
        result = next(term for term in again.type_three() if term.name == names[effect])
        return replace(result, name=f"{result.name}, aligned ranks")

    return {name: attempt(name, partial(test, effect)) for effect, name in names.items()}


def _not_fitted(arms: tuple[ArmSummary, ...], refusal: NotEstimable, rows: int) -> TrialModel:
    """Return a result without estimates, whose log states the reason."""
    return TrialModel(
        arms,
        "none",
        refusal,
        {},
        {},
        (),
        (),
        None,
        rows,
        (f"the model was not fitted: {refusal.reason}",),
        {},
        {},
        not_fitted(refusal.reason),
    )


def _contrasts(
    fit: Fit, family: TrialFamily, data: StudyData, outcome: Outcome
) -> tuple[ModelContrast, ...]:
    plan = data.plan
    arms = plan.arms_of(outcome)
    others = [arm for arm in arms if arm != plan.control]
    coded = tuple(sorted(arms))  # the order of the levels in the fit
    rows = {arm: arm_difference(coded, arm, plan.control) for arm in others}
    estimates = {
        arm: attempt("contrast", partial(family.contrast, fit, rows[arm])) for arm in others
    }
    # The marginal difference restates the contrast, so only the contrasts enter Holm's procedure.
    adjusted = holm(
        {
            arm: estimate.p if isinstance(estimate, Estimate) else None
            for arm, estimate in estimates.items()
        }
    )
    marginal = family.marginal
    contrasts = tuple(
        ModelContrast(
            arm,
            data.labels[arm],
            estimates[arm],
            None
            if marginal is None
            else attempt(
                "risk difference", partial(marginal, fit, coded, arm, plan.control, "arm")
            ),
            adjusted[arm],
        )
        for arm in others
    )
    if outcome.smallest_effect is None:
        return contrasts
    return _judged(contrasts, outcome.smallest_effect, plan.alpha, isinstance(fit, LinearFit))


def _level_contrasts(
    fit: Fit, family: TrialFamily, outcome: Outcome, trials: pd.DataFrame
) -> tuple[ModelContrast, ...]:
    """Compare each level of `within` with the first, in a study of one arm.

    A level has the place of an arm; its label names both levels.
    """
    within = str(outcome.within)
    levels = tuple(sorted(trials[within].dropna().astype(str).unique()))
    first, *others = levels
    marginal = family.marginal
    # The levels take the arms' place in the contrast, so its columns are renamed to the factor's.
    estimates = {
        level: attempt(
            "contrast",
            partial(
                family.contrast,
                fit,
                {
                    name.replace("arm[", f"{within}[", 1): weight
                    for name, weight in arm_difference(levels, level, first).items()
                },
            ),
        )
        for level in others
    }
    adjusted = holm(
        {
            level: estimate.p if isinstance(estimate, Estimate) else None
            for level, estimate in estimates.items()
        }
    )
    return tuple(
        ModelContrast(
            level,
            contrast_words(str(within), level, first),
            estimates[level],
            None
            if marginal is None
            else attempt("risk difference", partial(marginal, fit, levels, level, first, within)),
            adjusted[level],
        )
        for level in others
    )


def _judged(
    contrasts: tuple[ModelContrast, ...], smallest: float, alpha: float, linear: bool
) -> tuple[ModelContrast, ...]:
    def tested(contrast: ModelContrast) -> Equivalence:
        difference = contrast.estimate if linear else contrast.marginal
        if difference is None:
            raise NotEstimableError(
                "the smallest effect is a difference, but this model estimates only an odds ratio"
            )
        if isinstance(difference, NotEstimable):
            raise NotEstimableError(difference.reason)
        return equivalence_of(difference, smallest, alpha)

    tests = {
        contrast.arm: attempt("equivalence", partial(tested, contrast)) for contrast in contrasts
    }
    p_differences = {contrast.arm: contrast.p_adjusted for contrast in contrasts}
    return with_verdicts(contrasts, tests, p_differences, alpha)


def arms_and_test(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ArmsAndTest:
    """Return scores by arm and the arms' effect, or the reason why the model has no fit."""
    plan, family = data.plan, FAMILIES[outcome.analysis]
    groups = scores_by_arm(scores, outcome, data)
    arms = tuple(summarise(arm, data.labels[arm], groups[arm], plan.level) for arm in groups)
    trials = population_trials(data, outcome)
    fitted = attempt("mixed model", partial(_fit, trials, outcome, data, family))
    if isinstance(fitted, NotEstimable):
        return ArmsAndTest(arms, fitted)
    tested = compared_factor(outcome, plan)
    return ArmsAndTest(arms, next(test for test in fitted.type_three() if test.name == tested))
