"""The analysis "factorial": arms by a second factor, both between subjects."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.one_way import scores_by_arm
from analysis.plan.plan import Outcome
from analysis.statistics.comparisons.pairwise import PairwiseDifference
from analysis.statistics.comparisons.two_factors import (
    EFFECTS,
    attempt_effects,
    partial_eta_squared,
    tukey,
)
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, attempt
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class Factorial:
    """Effects "a" (arms), "b" (the second factor) and "a:b" (their interaction).

    The effect of the arms enters the outcome's family. `aligned_ranks` is a secondary analysis.
    """

    arms: tuple[ArmSummary, ...]
    cells: Mapping[str, int]  # "arm × level" → number of participants
    effects: Mapping[str, HypothesisTest | NotEstimable]
    sizes: Mapping[str, Estimate | NotEstimable]
    aligned_ranks: Mapping[str, HypothesisTest | NotEstimable]
    pairs: tuple[PairwiseDifference, ...] | NotEstimable

    @property
    def test(self) -> HypothesisTest | NotEstimable:
        """Return the test of the arms' effect."""
        return self.effects["a"]


def factorial(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> Factorial:
    """Compare the arms by the second factor, without participants who have no level of it."""
    plan = data.plan
    groups = scores_by_arm(scores, outcome, plan)
    table = two_factor_table(data, scores, outcome)
    effects = attempt_effects(table)
    level = 1 - 2 * plan.alpha
    counts = table.groupby(["a", "b"]).size()
    return Factorial(
        tuple(summarise(arm, data.labels[arm], groups[arm], plan.level) for arm in groups),
        dict(zip(map(" × ".join, counts.index), map(int, counts), strict=True)),
        effects,
        {name: attempt(name, partial(_size, effects[name], level)) for name in EFFECTS},
        attempt_effects(table, ranks=True),
        attempt("Tukey", lambda: tukey(table, plan.level)),
    )


def two_factor_table(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Return score, a (arm) and b (level of the factor) of participants who have all three."""
    factor = str(outcome.factor)
    if factor in data.participants:
        levels = data.participants[factor]
    else:
        answers = data.answers[data.answers["item"] == factor].set_index("participant")["value"]
        levels = answers.reindex(data.participants["participant"])
    table = pd.DataFrame(
        {
            "score": scores[outcome.key].to_numpy(dtype=float),
            "a": scores["arm"].to_numpy(),
            "b": levels.to_numpy(),
        }
    )
    return table.dropna().astype({"a": str, "b": str})


def _size(test: HypothesisTest | NotEstimable, level: float) -> Estimate:
    if isinstance(test, NotEstimable):
        raise NotEstimableError(test.reason)
    return partial_eta_squared(test, level)
