"""Bayes factors for the simple contrasts of outcomes, on which no decision depends."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import pandas as pd

from analysis.outcomes.one_way import scores_by_arm
from analysis.outcomes.repeated import condition_means
from analysis.plan.plan import Outcome
from analysis.plan.tables import BayesPrior
from analysis.statistics.comparisons.bayes_factors import BayesFactor, one_sample, two_samples
from analysis.statistics.estimate import NotEstimable, attempt
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class BayesContrast:
    """Bayes factor of `label` against `reference_label`: arm and control, or two conditions."""

    label: str
    reference_label: str
    factor: BayesFactor | NotEstimable


def bayes_factors(data: StudyData, scores: pd.DataFrame) -> Mapping[str, tuple[BayesContrast, ...]]:
    """Return the Bayes factors by outcome: arms against the control, or pairs of conditions.

    Only outcomes analysed by one_way (arms), repeated or paired (conditions, times) have simple
    contrasts.
    """
    prior = data.plan.bayes or BayesPrior()
    contrasts = {"one_way": _arms, "repeated": _conditions, "paired": _conditions}
    return {
        outcome.key: contrasts[outcome.analysis](data, scores, outcome, prior.scale)
        for outcome in data.plan.outcomes
        if outcome.analysis in contrasts
    }


def _arms(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, scale: float
) -> tuple[BayesContrast, ...]:
    groups = scores_by_arm(scores, outcome, data)
    control = data.plan.control
    return tuple(
        BayesContrast(
            data.labels[arm],
            data.labels[control],
            attempt("Bayes factor", partial(two_samples, groups[arm], groups[control], scale)),
        )
        for arm in groups
        if arm != control
    )


def _conditions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, scale: float
) -> tuple[BayesContrast, ...]:
    wide = condition_means(data, outcome).dropna()
    return tuple(
        BayesContrast(
            str(b),
            str(a),
            attempt(
                "Bayes factor", partial(one_sample, (wide[b] - wide[a]).to_numpy(float), scale)
            ),
        )
        for a, b in combinations(wide.columns, 2)
    )
