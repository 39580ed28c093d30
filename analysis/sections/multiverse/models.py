"""Ways to measure how far an arm lies from the control, all on the scale of a standardised d.

A new way is a function and an entry of MODELS.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.outcomes.binary_trials import binary_trials
from analysis.outcomes.one_way import scores_by_arm
from analysis.outcomes.trial_models import trial_model
from analysis.plan.plan import Outcome
from analysis.plan.tables import Model
from analysis.statistics.comparisons.ranks import superiority
from analysis.statistics.effect_sizes import hedges_g
from analysis.statistics.estimate import Estimate, NotEstimable, attempt
from analysis.study_data.study_data import StudyData

ByArm = dict[str, Estimate | NotEstimable]


@dataclass(frozen=True)
class ModelChoice:
    """`effects`: (data, scores, outcome) → d by arm. `stands_for`: analyses that plan it."""

    key: Model
    label: str
    of_trials: bool  # needs an outcome made of yes-or-no trials
    stands_for: tuple[str, ...]
    effects: Callable[[StudyData, pd.DataFrame, Outcome], ByArm]


def by_means(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ByArm:
    """Hedges' g."""
    groups = scores_by_arm(scores, outcome, data.plan)
    control, level = data.plan.control, data.plan.level
    return {
        arm: attempt("d", lambda arm=arm: hedges_g(groups[arm], groups[control], level))  # type: ignore[misc]
        for arm in groups
        if arm != control
    }


def by_ranks(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ByArm:
    """d = √2 Φ⁻¹(P(superior)), the d of two normal samples with that probability (McGraw & Wong,
    1992), with the interval of Brunner and Munzel in the same form."""
    groups = scores_by_arm(scores, outcome, data.plan)
    control, level = data.plan.control, data.plan.level

    def effect(arm: str) -> Estimate:
        found = superiority(groups[arm], groups[control], level)
        if found.low <= 0 or found.high >= 1:
            raise NotEstimableError("its interval of the probability of superiority reaches 0 or 1")
        return _through(found, lambda share: float(np.sqrt(2) * stats.norm.ppf(share)))

    return {
        arm: attempt("d", lambda arm=arm: effect(arm))  # type: ignore[misc]
        for arm in groups
        if arm != control
    }


def by_clustered_odds(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ByArm:
    """d = ln(odds ratio) √3/π (Chinn, 2000), odds clustered by participant."""
    found = binary_trials(data, scores, outcome)
    return {one.arm: _from_odds(one.odds_ratio) for one in found.contrasts}


def by_mixed_odds(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> ByArm:
    """The same from the logistic mixed model, given people and images."""
    asked = replace(outcome, analysis="logistic_trials", fallback=None, within=None)
    found = trial_model(data, scores, asked)
    if not found.contrasts:
        reason = found.test.reason if isinstance(found.test, NotEstimable) else "it was not fitted"
        arms = [arm for arm in data.plan.arms_of(outcome) if arm != data.plan.control]
        return {arm: NotEstimable("d", reason) for arm in arms}
    return {one.arm: _from_odds(one.estimate) for one in found.contrasts}


MODELS = (
    ModelChoice("means", "difference of means", False, ("one_way", "linear_trials"), by_means),
    ModelChoice("ranks", "ranks", False, ("ranks", "ordinal_trials"), by_ranks),
    ModelChoice("odds", "odds, clustered", True, ("binary_trials",), by_clustered_odds),
    ModelChoice("mixed_odds", "odds, mixed model", True, ("logistic_trials",), by_mixed_odds),
)


def _from_odds(ratio: Estimate | NotEstimable) -> Estimate | NotEstimable:
    if isinstance(ratio, NotEstimable):
        return ratio
    return _through(ratio, lambda odds: float(np.log(odds) * np.sqrt(3) / np.pi))


def _through(found: Estimate, to_d: Callable[[float], float]) -> Estimate:
    """Value and interval turned into d by an increasing function; the test stays behind."""
    value, low, high = (to_d(one) for one in (found.value, found.low, found.high))
    return Estimate("d", value, low, high, found.level, found.n, f"{found.method}, as d")
