"""The analysis "likelihood_ratio": arms in a model of trials, tested without a standard error.

It holds where an arm's answers are all alike, so that an odds ratio is 0 or infinite: the
likelihood has a supremum there, but no maximum with a curvature for Wald's test.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.assumptions.assumption import Assumption
from analysis.outcomes.binary_trials import population_trials
from analysis.outcomes.finding import OutcomeFinding, p_of
from analysis.outcomes.one_way import scores_by_arm
from analysis.outcomes.random_terms import formula
from analysis.outcomes.trial_model_kinds import MOST_ANSWERS
from analysis.outcomes.trial_models import planned_model
from analysis.plan.plan import Outcome
from analysis.statistics.arm_effects import arm_difference
from analysis.statistics.comparisons.clustered import clustered_share, risk_difference
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Bound, Estimate, HypothesisTest, NotEstimable, attempt
from analysis.statistics.mixed_models.design import build_design
from analysis.statistics.mixed_models.errors import DesignError, TooManyEffectsError
from analysis.statistics.mixed_models.families import Family
from analysis.statistics.mixed_models.hypotheses import type_three_hypotheses
from analysis.statistics.mixed_models.logistic import binomial
from analysis.statistics.mixed_models.ordinal import cumulative
from analysis.statistics.mixed_models.satterthwaite import weighted
from analysis.statistics.mixed_models.specification import MixedModel, Random
from analysis.statistics.mixed_models.suprema import Suprema
from analysis.statistics.multiplicity import holm
from analysis.study_data.study_data import StudyData

FEWEST_PEOPLE = 15  # per arm; with fewer the χ² distribution of the ratio is doubtful


@dataclass(frozen=True)
class RatioContrast:
    """An arm against the control.

    `odds_ratio` is of "yes" or of a higher answer, given participant and image; if it is 0 or
    infinite, a Bound. `risk_difference` is that of the clustered shares (yes-or-no trials only).
    `p_adjusted` is Holm's over the arms.
    """

    arm: str
    label: str
    odds_ratio: Estimate | Bound | NotEstimable
    risk_difference: Estimate | NotEstimable | None
    p_adjusted: float | None


@dataclass(frozen=True)
class LikelihoodRatio:
    """The likelihood-ratio test of the arms, which enters the outcome's family, and contrasts.

    `family` is "logistic" or "cumulative logit".
    """

    arms: tuple[ArmSummary, ...]
    model: str
    family: str
    test: HypothesisTest | NotEstimable
    contrasts: tuple[RatioContrast, ...]
    rows: int


def likelihood_ratio(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> LikelihoodRatio:
    """Compare the complete model of the outcome's trials with the model without the arms."""
    plan = data.plan
    groups = scores_by_arm(scores, outcome, data)
    trials = population_trials(data, outcome)
    binary = set(trials["value"].dropna()) <= {0.0, 1.0}
    fitted = attempt("likelihood ratio", partial(_fit, trials, outcome, data, binary))
    arms = tuple(summarise(arm, data.labels[arm], groups[arm], plan.level) for arm in groups)
    family = "logistic" if binary else "cumulative logit"
    if isinstance(fitted, NotEstimable):
        return LikelihoodRatio(arms, "none", family, fitted, (), len(trials))
    table, model, suprema = fitted
    hypotheses = type_three_hypotheses(table, model, suprema.design.fixed)
    term = "arm" if "arm" in hypotheses else str(outcome.within)  # a study of one arm has no arms
    return LikelihoodRatio(
        arms,
        formula(outcome, model),
        family,
        attempt(
            "likelihood ratio",
            lambda: suprema.ratio_test(f"Likelihood ratio of {term}", hypotheses[term]),
        ),
        _contrasts(suprema, trials, data, outcome, binary),
        len(table),
    )


def assumptions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Check that there are enough participants for the χ² distribution of the ratio."""
    if p_of(found) is None:
        return ()
    least = min(arm.n for arm in found.arms)
    met = least >= FEWEST_PEOPLE
    return (Assumption("ratio", "met" if met else "doubtful", {"least": least}),)


def _fit(
    trials: pd.DataFrame, outcome: Outcome, data: StudyData, binary: bool
) -> tuple[pd.DataFrame, MixedModel, Suprema]:
    table, model = planned_model(trials, outcome, data)
    answers = table[model.outcome].nunique()
    if answers < 2:
        raise NotEstimableError("all answers are alike, so there is nothing to compare")
    if answers > MOST_ANSWERS:
        raise DesignError(
            f"the column contains {answers} different values, but an ordinal model accepts at most "
            f"{MOST_ANSWERS}"
        )
    table = table.reset_index(drop=True)
    family: Family = binomial(table, model.outcome) if binary else cumulative(table, model.outcome)
    try:
        design = build_design(table, model, intercept=binary)
    except TooManyEffectsError:
        # Slopes need more levels than there are; the planned model steps down likewise.
        model = replace(model, random=tuple(Random(term.factor) for term in model.random))
        design = build_design(table, model, intercept=binary)
    people = {grouping.factor: grouping.count for grouping in design.groupings}
    n = people[model.random[0].factor] if model.random else design.rows
    return table, model, Suprema(design, family, data.plan.level, n)


def _contrasts(
    suprema: Suprema, trials: pd.DataFrame, data: StudyData, outcome: Outcome, binary: bool
) -> tuple[RatioContrast, ...]:
    plan = data.plan
    arms = plan.arms_of(outcome)
    others = [arm for arm in arms if arm != plan.control]
    names = suprema.design.fixed.names
    coded = tuple(sorted(arms))  # the order of the levels in the planned model
    rows = {
        arm: np.asarray(weighted(arm_difference(coded, arm, plan.control), names)) for arm in others
    }
    ratios = {
        arm: attempt("odds ratio", partial(suprema.odds_ratio, "odds ratio", rows[arm]))
        for arm in others
    }
    adjusted = holm(
        {arm: None if isinstance(ratio, NotEstimable) else ratio.p for arm, ratio in ratios.items()}
    )

    # At an infinite odds ratio the model has no risk difference; the clustered shares have one.
    def difference(arm: str) -> Estimate:
        a, b = (
            clustered_share(own["value"], own["participant"])
            for own in (trials[trials["arm"] == name] for name in (arm, plan.control))
        )
        return risk_difference(a, b, plan.level)

    return tuple(
        RatioContrast(
            arm,
            data.labels[arm],
            ratios[arm],
            attempt("risk difference", partial(difference, arm)) if binary else None,
            adjusted[arm],
        )
        for arm in others
    )
