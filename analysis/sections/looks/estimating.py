"""The difference that looks are about, on a scale on which it is nearly normal."""

from dataclasses import dataclass
from math import log

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.outcomes.one_way import scores_by_arm
from analysis.outcomes.paired import Paired, paired
from analysis.outcomes.trial_models import trial_model
from analysis.plan.plan import Outcome
from analysis.statistics.comparisons.two_samples import welch_t
from analysis.statistics.estimate import Estimate, NotEstimable
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class Difference:
    """The outcome's ordinary estimate with its standard error, in logarithms if it is a ratio.

    `z` has the two-sided p of the estimate's own test, so that small samples are allowed for.
    `people` counts the participants with a score.
    """

    estimate: Estimate
    people: int
    is_ratio: bool
    value: float
    error: float
    z: float

    def at(self, z: float) -> float:
        """Return the end of an interval, on the estimate's scale, that lies `z` away in z.

        An interval of ± 1.96 becomes the estimate's own interval, with its degrees of freedom.
        """
        quantile = -z if self.estimate.df is None else -_t_of(z, self.estimate.df)
        end = self.value - self.error * quantile
        return float(np.exp(end)) if self.is_ratio else end


def difference(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> Difference:
    """Return the difference between the outcome's two arms, or times if it is paired.

    Raises NotEstimableError if the outcome's analysis has no estimate for the data.
    """
    if outcome.analysis == "paired":
        found: Paired = paired(data, scores, outcome)
        return _of(found.difference, found.arms[0].n if found.arms else 0)
    groups = scores_by_arm(scores, outcome, data)
    people = sum(len(group) for group in groups.values())
    if outcome.analysis == "one_way":
        (arm,) = (arm for arm in groups if arm != data.plan.control)
        return _of(welch_t(groups[arm], groups[data.plan.control], data.plan.level), people)
    model = trial_model(data, scores, outcome)
    if isinstance(model.test, NotEstimable):
        raise NotEstimableError(model.test.reason)
    ratio = outcome.analysis != "linear_trials"
    return _of(model.contrasts[0].estimate, people, is_ratio=ratio)


def _of(estimate: Estimate | NotEstimable, people: int, *, is_ratio: bool = False) -> Difference:
    if isinstance(estimate, NotEstimable):
        raise NotEstimableError(estimate.reason)
    if estimate.statistic is None:
        raise NotEstimableError("the difference has no test")
    value, low, high = estimate.value, estimate.low, estimate.high
    if is_ratio:
        value, low, high = log(value), log(low), log(high)
    tail = (1 + estimate.level) / 2
    df = estimate.df
    widest = stats.norm.ppf(tail) if df is None else stats.t.ppf(tail, df)
    statistic = estimate.statistic
    far = abs(statistic)
    one_sided = stats.norm.sf(far) if df is None else stats.t.sf(far, df)
    z = float(np.copysign(stats.norm.isf(max(float(one_sided), 1e-300)), statistic))
    return Difference(estimate, people, is_ratio, value, float((high - low) / 2 / widest), z)


def _t_of(z: float, df: float) -> float:
    """Return the t with the p that z has."""
    return float(np.copysign(stats.t.isf(stats.norm.sf(abs(z)), df), z))
