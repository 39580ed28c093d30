"""The analysis "factorial": two between-subjects factors, one of which may be the arms."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.one_way import scores_by_arm
from analysis.plan.plan import Outcome, effect_names, tested_effect
from analysis.statistics.comparisons.pairwise import PairwiseDifference
from analysis.statistics.comparisons.two_factors import (
    EFFECTS,
    SimpleEffect,
    attempt_effects,
    partial_eta_squared,
    simple_effects,
    tukey,
)
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, attempt
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class Factorial:
    """Effects "a" (the arms or the first factor), "b" (the second factor), "a:b" (interaction).

    `factors` names the two factors and `tested` the effect that enters the outcome's family.
    `cell_scores` summarises the cells, whose keys are "level × level"; `pairs` compares the levels
    of the first factor, and `second_pairs` the levels of the second factor unless the first factor
    is the arms, each averaged over the other factor. `aligned_ranks` is a secondary analysis.
    """

    arms: tuple[ArmSummary, ...]
    factors: tuple[str, str]
    tested: str
    cells: Mapping[str, int]  # cell → number of participants
    cell_scores: tuple[ArmSummary, ...]
    effects: Mapping[str, HypothesisTest | NotEstimable]
    sizes: Mapping[str, Estimate | NotEstimable]
    simple_effects: tuple[SimpleEffect, ...] | NotEstimable
    aligned_ranks: Mapping[str, HypothesisTest | NotEstimable]
    pairs: tuple[PairwiseDifference, ...] | NotEstimable
    second_pairs: tuple[PairwiseDifference, ...] | NotEstimable | None

    @property
    def test(self) -> HypothesisTest | NotEstimable:
        """Return the test of the effect that the plan names."""
        return self.effects[self.tested]


def factorial(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> Factorial:
    """Compare the levels of two factors, without participants who lack a level of either."""
    plan = data.plan
    groups = scores_by_arm(scores, outcome, data)
    table = two_factor_table(data, scores, outcome)
    effects = attempt_effects(table)
    level = 1 - 2 * plan.alpha
    names = effect_names(outcome)
    cells = {
        f"{a} × {b}": rows["score"].to_numpy(dtype=float)
        for (a, b), rows in table.groupby(["a", "b"], sort=True)
    }
    labels = {
        f"{arm} × {b}": f"{data.labels[arm]} × {b}"
        for arm in (data.plan.arms_of(outcome) if not outcome.factors else ())
        for b in table["b"].unique()
    }
    swapped = table.rename(columns={"a": "b", "b": "a"})
    return Factorial(
        tuple(summarise(arm, data.labels[arm], groups[arm], plan.level) for arm in groups),
        (names["a"], names["b"]),
        tested_effect(outcome),
        {cell: len(values) for cell, values in cells.items()},
        tuple(
            summarise(cell, labels.get(cell, cell), values, plan.level)
            for cell, values in cells.items()
        ),
        effects,
        {name: attempt(name, partial(_size, effects[name], level)) for name in EFFECTS},
        attempt("simple effects", lambda: simple_effects(table, _orders(table, data), plan.level)),
        attempt_effects(table, ranks=True),
        attempt("Tukey", lambda: tukey(table, plan.level)),
        attempt("Tukey", lambda: tukey(swapped, plan.level)) if outcome.factors else None,
    )


def factorial_model(outcome: Outcome) -> str:
    """Return the formula of the outcome's model."""
    names = effect_names(outcome)
    return f"score ~ {names['a']} * {names['b']}, HC3 errors"


def two_factor_table(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Return score, a and b (levels of the two factors) and arm of participants who have all."""
    names = effect_names(outcome)
    table = pd.DataFrame(
        {
            "score": scores[outcome.key].to_numpy(dtype=float),
            "a": _levels(data, scores, names["a"]) if outcome.factors else scores["arm"].to_numpy(),
            "b": _levels(data, scores, names["b"]),
            "arm": scores["arm"].to_numpy(),
        }
    )
    return table.dropna().astype({"a": str, "b": str})


def _levels(data: StudyData, scores: pd.DataFrame, factor: str) -> npt.NDArray[np.object_]:
    """Return the level of each participant of the scores: a column, or an answer to an item."""
    if factor in data.participants:
        levels = data.participants.set_index("participant")[factor]
    else:
        answers = data.answers[data.answers["item"] == factor]
        # A participant asked more than once has no single level, unless the answers agree.
        answers = answers.drop_duplicates(["participant", "value"])
        answers = answers[~answers.duplicated("participant", keep=False)]
        levels = answers.set_index("participant")["value"]
    array: npt.NDArray[np.object_] = levels.reindex(scores["participant"]).to_numpy(dtype=object)
    return array


def _orders(table: pd.DataFrame, data: StudyData) -> dict[str, list[str]]:
    """Return the levels of "a" and "b". Those of the control come first, others in plan order."""
    arms = [data.plan.control, *(arm for arm in data.plan.arms if arm != data.plan.control)]
    ranked = table.assign(place=table["arm"].map(arms.index)).sort_values("place", kind="stable")
    return {name: list(dict.fromkeys(ranked[name])) for name in ("a", "b")}


def _size(test: HypothesisTest | NotEstimable, level: float) -> Estimate:
    if isinstance(test, NotEstimable):
        raise NotEstimableError(test.reason)
    return partial_eta_squared(test, level)
