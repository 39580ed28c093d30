"""The analyses of trials: one row per trial, people and images random (trial_families.FAMILIES).

No score per participant stands between the trials and the test, so that an undefined ratio or an
image that happened to be hard cannot make a difference between arms.
"""

from collections.abc import Mapping
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
from analysis.outcomes.trial_model_kinds import FAMILIES, Fit, TrialFamily
from analysis.plan.plan import Outcome, Plan, analysis_with, resolve
from analysis.statistics.arm_effects import arm_difference
from analysis.statistics.comparisons.equivalence import Equivalence, Verdict, equivalence_of
from analysis.statistics.comparisons.two_factors import aligned, partial_eta_squared
from analysis.statistics.comparisons.verdicts import with_verdicts
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, attempt
from analysis.statistics.mixed_models.linear import LinearFit, fit_linear
from analysis.statistics.mixed_models.specification import (
    Categorical,
    Interaction,
    MixedModel,
    Random,
    Term,
)
from analysis.statistics.multiplicity import holm
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class ModelContrast:
    """An arm against the control, over the levels of `within` if there are any.

    `estimate`: as its family's `effect` says, given people and images. `marginal`: the difference
    of shares over people and images, logistic models only. `p_adjusted`: Holm's over the arms.
    `equivalence`, its p by Holm and the `verdict` only where the plan names a smallest effect: of
    `marginal` in logistic models, of `estimate` in linear ones.
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
    """SD of the random intercepts of one factor, and how many levels it has."""

    factor: str
    levels: int
    sd: float


@dataclass(frozen=True)
class TrialModel:
    """What the model found. `test` is the arms' effect, or that of the fallback if `log` says so.

    `terms`: every fixed term, type III; `sizes`: their partial eta squared, linear models only.
    `aligned_ranks`: the same terms on aligned ranks, linear models with a second factor only.
    `thresholds`: where one answer ends and the next begins in log odds, ordinal models only.
    `checks`: what the model takes for granted, and what the data say of it.
    `log`: each step from the model that the plan asked for to the one that was fitted, in words.
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
    fallback: OutcomeFinding | None
    aligned_ranks: Mapping[str, HypothesisTest | NotEstimable]
    thresholds: Mapping[str, Estimate]
    checks: tuple[Assumption, ...]


def trial_model(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> TrialModel:
    """The mixed model of the outcome's trials that its analysis names."""
    plan, family = data.plan, FAMILIES[outcome.analysis]
    groups = scores_by_arm(scores, outcome, plan)
    arms = tuple(summarise(arm, data.labels[arm], groups[arm], plan.level) for arm in groups)
    trials = population_trials(data, outcome)
    fitted = attempt("mixed model", partial(_fit, trials, outcome, plan, family))
    if isinstance(fitted, NotEstimable):
        return _fallen_back(data, scores, outcome, arms, fitted, len(trials))
    terms = {test.name: test for test in fitted.type_three()}
    level = 1 - 2 * plan.alpha
    return TrialModel(
        arms,
        formula(outcome, fitted.model),
        terms["arm"],
        terms,
        {n: attempt(n, partial(partial_eta_squared, t, level)) for n, t in terms.items()}
        if isinstance(fitted, LinearFit)
        else {},
        _contrasts(fitted, family, data, outcome),
        tuple(Spread(c.factor, c.levels, float(c.sd)) for c in fitted.components.values()),
        fitted.residual_sd if isinstance(fitted, LinearFit) else None,
        fitted.rows,
        tuple(f"{one.step} of {one.factor}: {one.reason}" for one in fitted.decisions),
        None,
        _aligned_ranks(trials, outcome, fitted, plan)
        if isinstance(fitted, LinearFit) and outcome.within is not None
        else {},
        {} if isinstance(fitted, LinearFit) else fitted.thresholds,
        of_fit(fitted, _checked_trials(trials, outcome), plan.control),
    )


def assumptions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Those of the model, or that it has none, and of its fallback where that stands for it."""
    if not isinstance(found, TrialModel):
        return ()
    if found.fallback is None or outcome.fallback is None:
        return found.checks
    changed = replace(outcome, analysis=outcome.fallback)
    own = resolve(analysis_with(outcome.fallback).assumptions)
    return (*found.checks, *own(data, scores, changed, found.fallback))


def _checked_trials(trials: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """The rows that the model takes, in its order, with what its checks read."""
    within = [] if outcome.within is None else [outcome.within]
    needed = list(dict.fromkeys(["arm", "value", *outcome.random, *within]))
    return trials.dropna(subset=needed)[["arm", "value", "participant"]].reset_index(drop=True)


def formula(outcome: Outcome, model: MixedModel) -> str:
    """The model as R's lme4 would write it, with what was fitted, not what was asked for."""
    fixed = "arm" if outcome.within is None else f"arm * {outcome.within}"
    parts = [
        f"({'1 + arm' if term.slopes else '1'} {'|' if term.correlated else '||'} {term.factor})"
        for term in model.random
    ]
    return f"{outcome.column} ~ {' + '.join([fixed, *parts])}"


def _fit(trials: pd.DataFrame, outcome: Outcome, plan: Plan, family: TrialFamily) -> Fit:
    table, model = _stated(trials, outcome, plan)
    return family.fit(table, model, plan.level)


def _stated(trials: pd.DataFrame, outcome: Outcome, plan: Plan) -> tuple[pd.DataFrame, MixedModel]:
    """The rows and the model that the plan asks for."""
    arms = plan.arms_of(outcome)
    empty = [arm for arm in arms if not (trials["arm"] == arm).any()]
    if empty:
        raise NotEstimableError(f"{', '.join(empty)} has no such trials")
    arm = Categorical("arm", levels=arms, coding="sum")
    fixed: tuple[Term, ...] = (arm,)
    columns = ["arm", "value", *outcome.random]
    if outcome.within is not None:
        within = Categorical(outcome.within, coding="sum")
        fixed = (arm, within, Interaction((arm, within)))
        columns.append(outcome.within)
    table = trials[list(dict.fromkeys(columns))].dropna()
    for name in table.columns.difference(["value"]):
        table[name] = table[name].astype(str)
    random = tuple(
        Random(factor, slopes=(arm,) if factor in outcome.slopes else ())
        for factor in outcome.random
    )
    return table, MixedModel("value", fixed, random)


def _aligned_ranks(
    trials: pd.DataFrame, outcome: Outcome, fit: LinearFit, plan: Plan
) -> dict[str, HypothesisTest | NotEstimable]:
    """The fitted model again on ranks aligned for each effect in turn, that effect alone read.

    Wobbrock et al. (2011) with a mixed model, as R's ARTool has it; a secondary look.
    """
    table, _ = _stated(trials, outcome, plan)
    cells = table.rename(columns={"value": "score", "arm": "a", str(outcome.within): "b"})
    names = {"a": "arm", "b": str(outcome.within), "a:b": f"arm:{outcome.within}"}

    def test(effect: str) -> HypothesisTest:
        ranks = stats.rankdata(np.round(aligned(cells, effect), 10))
        again = fit_linear(table.assign(value=ranks), fit.model, level=plan.level)
        found = next(one for one in again.type_three() if one.name == names[effect])
        return replace(found, name=f"{found.name}, aligned ranks")

    return {name: attempt(name, partial(test, effect)) for effect, name in names.items()}


def _fallen_back(
    data: StudyData,
    scores: pd.DataFrame,
    outcome: Outcome,
    arms: tuple[ArmSummary, ...],
    refusal: NotEstimable,
    rows: int,
) -> TrialModel:
    """No number of the model; the plan's fallback in its place, and both said in the log."""
    log, fallback, test = [f"the model was not fitted: {refusal.reason}"], None, None
    if outcome.fallback is not None:
        changed = replace(outcome, analysis=outcome.fallback)
        fallback = resolve(analysis_with(outcome.fallback).path)(data, scores, changed)
        test = fallback.test
        log.append(f"the plan's fallback was taken: {outcome.fallback}")
    return TrialModel(
        arms,
        "none",
        refusal if test is None else test,
        {},
        {},
        (),
        (),
        None,
        rows,
        tuple(log),
        fallback,
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
    rows = {arm: arm_difference(arms, arm, plan.control) for arm in others}
    found = {arm: attempt("contrast", partial(family.contrast, fit, rows[arm])) for arm in others}
    adjusted = holm(
        {arm: one.p if isinstance(one, Estimate) else None for arm, one in found.items()}
    )
    over_people = family.marginal
    contrasts = tuple(
        ModelContrast(
            arm,
            data.labels[arm],
            found[arm],
            None
            if over_people is None
            else attempt("risk difference", partial(over_people, fit, arms, arm, plan.control)),
            adjusted[arm],
        )
        for arm in others
    )
    if outcome.smallest_effect is None:
        return contrasts
    return _judged(contrasts, outcome.smallest_effect, plan.alpha, isinstance(fit, LinearFit))


def _judged(
    contrasts: tuple[ModelContrast, ...], smallest: float, alpha: float, linear: bool
) -> tuple[ModelContrast, ...]:
    def tested(one: ModelContrast) -> Equivalence:
        difference = one.estimate if linear else one.marginal
        if difference is None:
            raise NotEstimableError(
                "the smallest effect is a difference, and this model's effect an odds ratio alone"
            )
        if isinstance(difference, NotEstimable):
            raise NotEstimableError(difference.reason)
        return equivalence_of(difference, smallest, alpha)

    found = {one.arm: attempt("equivalence", partial(tested, one)) for one in contrasts}
    return with_verdicts(contrasts, found, {one.arm: one.p_adjusted for one in contrasts}, alpha)


def arms_and_test(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ArmsAndTest:
    """Scores by arm and the arms' effect alone, or the fallback's test where there is no model."""
    plan, family = data.plan, FAMILIES[outcome.analysis]
    groups = scores_by_arm(scores, outcome, plan)
    arms = tuple(summarise(arm, data.labels[arm], groups[arm], plan.level) for arm in groups)
    trials = population_trials(data, outcome)
    fitted = attempt("mixed model", partial(_fit, trials, outcome, plan, family))
    if isinstance(fitted, NotEstimable):
        whole = _fallen_back(data, scores, outcome, arms, fitted, len(trials))
        return ArmsAndTest(arms, whole.test)
    return ArmsAndTest(arms, next(test for test in fitted.type_three() if test.name == "arm"))
