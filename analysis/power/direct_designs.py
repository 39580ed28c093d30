"""p of simulated studies with an earlier measurement or two factors, without a study's tables.

The scores are drawn in the same order as for the tables, and tested by the functions that test real
scores, so both ways give the same p. A complete analysis also computes contrasts and effect sizes,
which take most of its time.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from analysis.plan.plan import Outcome, Plan, effect_names, tested_effect
from analysis.power.answers import Array
from analysis.power.assumptions import Assumptions, Design
from analysis.power.between import drawn_people, drawn_twice
from analysis.power.direct_scores import KINDS, scores_by_arm
from analysis.power.outcomes import Simulated
from analysis.statistics.comparisons.arm_by_time import arm_by_time
from analysis.statistics.comparisons.covariance import fit_covariance
from analysis.statistics.comparisons.omnibus import welch_anova
from analysis.statistics.comparisons.two_factors import effect_test
from analysis.statistics.comparisons.two_samples import paired_t
from analysis.statistics.comparisons.within import wilcoxon
from analysis.statistics.estimate import Groups
from analysis.study_data.scoring import DIGITS

Twice = tuple[np.ndarray, Array, Array]  # arm, earlier and later score of each participant


def is_direct_design(outcome: Outcome, design: Design) -> bool:
    """Return whether the outcome has a test that needs only its scores, arms and factors."""
    if design.conditions or outcome.kind not in KINDS or outcome.covariates:
        return False
    of_factors = outcome.analysis == "factorial" and bool(outcome.factors)
    if outcome.before:
        return outcome.analysis in TWICE or of_factors
    return of_factors and (
        outcome.kind in ("scale", "item") or set(outcome.where) <= {"prediction_correct"}
    )


def p_of_design(
    plan: Plan,
    task: Simulated,
    design: Design,
    per_arm: int,
    affected: tuple[str, ...],
    assumed: Assumptions,
    rng: np.random.Generator,
) -> float | None:
    """Return the p of the outcome's test in a simulated study.

    Raises NotEstimableError where the test does.
    """
    if task.outcome.before:
        drawn = _drawn_twice(plan, task, per_arm, affected, assumed, rng)
        if task.outcome.analysis in TWICE:
            return TWICE[task.outcome.analysis](plan.arms_of(task.outcome), drawn)
        groups = _changes(plan.arms_of(task.outcome), drawn)
    else:
        groups = scores_by_arm(plan, task, design, per_arm, affected, assumed, rng)
    names = effect_names(task.outcome)
    cells = [
        pd.DataFrame(
            {
                "score": scores,
                "a": design.levels[arm][names["a"]],
                "b": design.levels[arm][names["b"]],
            }
        )
        for arm, scores in groups.items()
    ]
    return effect_test(pd.concat(cells, ignore_index=True), tested_effect(task.outcome)).p


def _drawn_twice(
    plan: Plan,
    task: Simulated,
    per_arm: int,
    affected: tuple[str, ...],
    assumed: Assumptions,
    rng: np.random.Generator,
) -> Twice:
    items = task.items
    if items is None:
        raise TypeError("only outcomes from scales and items have an earlier measurement")
    arms, completed, shift = drawn_people(plan, task, per_arm, affected, assumed, rng)
    answers = drawn_twice(shift[completed], task, len(items), assumed, rng)
    times = len(items) if (items["score"] == "sum").all() else 1
    earlier, later = (part.mean(axis=1) * times for part in answers)
    there = np.isin(arms[completed], plan.arms_of(task.outcome))
    return arms[completed][there], earlier[there], later[there]


def _changes(arms: tuple[str, ...], drawn: Twice) -> Groups:
    arm, earlier, later = drawn
    changes = np.round(later - earlier, DIGITS)
    return {name: changes[arm == name] for name in arms}


def _change(arms: tuple[str, ...], drawn: Twice) -> float:
    return welch_anova(_changes(arms, drawn)).p


def _covariate(arms: tuple[str, ...], drawn: Twice) -> float:
    arm, earlier, later = drawn
    table = pd.DataFrame({"score": later, "arm": arm, "before": earlier})
    return fit_covariance(table, arms, ["before"]).arm_test().p


def _arm_by_time(arms: tuple[str, ...], drawn: Twice) -> float:
    arm, earlier, later = drawn
    wide = pd.DataFrame({"earlier": earlier, "later": later})
    return arm_by_time(wide, pd.Series(arm), arms).effects["arm:time"].p


def _paired(arms: tuple[str, ...], drawn: Twice) -> float | None:
    _, earlier, later = drawn
    return paired_t(later, earlier).p


def _signed_ranks(arms: tuple[str, ...], drawn: Twice) -> float:
    _, earlier, later = drawn
    return wilcoxon(pd.DataFrame({"earlier": earlier, "later": later})).p


TWICE: Mapping[str, Callable[[tuple[str, ...], Twice], float | None]] = {
    "one_way": _change,
    "ancova": _covariate,
    "mixed_anova": _arm_by_time,
    "paired": _paired,
    "repeated": _signed_ranks,
}
