"""p of simulated studies of two factors within participants, without a study's tables.

The scores are drawn in the same order as for the tables, and tested by the function that tests real
scores, so both ways give the same p.
"""

import numpy as np
import pandas as pd

from analysis.outcomes.factorial_within import cell_tests, complete_cells
from analysis.plan.plan import Outcome, Plan, effect_names, tested_effect
from analysis.power.answers import Array
from analysis.power.assumptions import Assumptions, Design
from analysis.power.between import drawn_people, latent_shift
from analysis.power.outcomes import Simulated
from analysis.power.within import drawn_block_answers, drawn_block_trials, drawn_blocks
from analysis.statistics.estimate import HypothesisTest
from analysis.study_data.scoring import DIGITS


def is_direct_within(outcome: Outcome, design: Design) -> bool:
    """Return whether the outcome compares two factors whose scores need no tables."""
    if outcome.analysis != "factorial_within" or not design.conditions or outcome.transform:
        return False
    return outcome.kind in ("scale", "item") or (
        outcome.kind == "trial_mean" and set(outcome.where) <= {"prediction_correct"}
    )


def p_within(
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
    outcome = task.outcome
    arms, completed, _ = drawn_people(plan, task, per_arm, affected, assumed, rng)
    place, seen = drawn_blocks(arms, completed, design, rng)
    shift = latent_shift(task, design, affected)
    scores = (
        _of_trials(place, shift, task, design, assumed, rng)
        if task.items is None
        else _of_answers(len(arms), shift, task, assumed, rng)
    )
    there = np.isin(arms, plan.arms_of(outcome))
    if outcome.population != "randomised":
        there &= completed
    names = effect_names(outcome)
    # Conditions that only other arms see have no scores, so they are left out.
    numbers = [number for number in range(len(design.conditions)) if seen[there, number].any()]
    levels = [design.levels[design.conditions[number]] for number in numbers]
    wide = pd.DataFrame(np.where(seen, scores, np.nan)[there][:, numbers])
    cells = complete_cells(wide, [(of[names["a"]], of[names["b"]]) for of in levels])
    test = cell_tests(cells).effects[tested_effect(outcome)]
    return test.p if isinstance(test, HypothesisTest) else None


def _of_answers(
    people: int, shift: Array, task: Simulated, assumed: Assumptions, rng: np.random.Generator
) -> Array:
    items = task.items
    if items is None:
        raise TypeError("only outcomes from scales and items have answers")
    answers = drawn_block_answers(people, shift, task, len(items), assumed, rng)
    scores: Array = answers.mean(axis=2)
    return scores * len(items) if (items["score"] == "sum").all() else scores


def _of_trials(
    place: np.ndarray,
    shift: Array,
    task: Simulated,
    design: Design,
    assumed: Assumptions,
    rng: np.random.Generator,
) -> Array:
    """Return the mean over the trials that count in each block, missing without such a trial."""
    values, among, _ = drawn_block_trials(place, shift, task, design, assumed, rng)
    wanted = task.outcome.where.get("prediction_correct")
    if wanted is not None:
        right = np.arange(values.shape[2]) < design.pool(design.conditions)[0]
        among = among & (right == (wanted == 1))
    counts = among.sum(axis=2)
    means: Array = np.divide(
        np.where(among, values, 0.0).sum(axis=2),
        counts,
        out=np.full(counts.shape, np.nan),
        where=counts > 0,
    )
    return means if (values % 1 == 0).all() else np.round(means, DIGITS)
