"""Scores of a simulated study computed from its answers alone, without the tables of a study.

Nine tenths of the time of a simulated Welch ANOVA go into building tables of text and taking them
apart again. The random numbers are drawn by the functions that build the tables, in the same order,
so both ways give the same study.
"""

from typing import cast

import numpy as np

from analysis.plan.catalogues.behaviour_measures import MEASURES
from analysis.plan.plan import Outcome, Plan, resolve
from analysis.power.answers import Array
from analysis.power.assumptions import Assumptions, Design
from analysis.power.behaviour import COUNTED, RIGHT, drawn_choices
from analysis.power.between import drawn_answers, drawn_people, drawn_trials, rights_and_wrongs
from analysis.power.outcomes import Simulated
from analysis.sections.behaviour.ratios import Ratio
from analysis.statistics.estimate import Groups

KINDS = ("scale", "item", "trial_mean", "behaviour")


def is_direct(outcome: Outcome, design: Design) -> bool:
    """Return whether the outcome is a Welch ANOVA of scores that need no tables."""
    simple = outcome.analysis == "one_way" and outcome.kind in KINDS and not design.conditions
    return simple and not outcome.before and set(outcome.where) <= {"prediction_correct"}


def scores_by_arm(
    plan: Plan,
    task: Simulated,
    design: Design,
    per_arm: int,
    affected: tuple[str, ...],
    assumed: Assumptions,
    rng: np.random.Generator,
) -> Groups:
    """Return the scores of a simulated study by arm, as between.simulated_study draws it."""
    arms, completed, shift = drawn_people(plan, task, per_arm, affected, assumed, rng)
    if task.items is not None:
        answers = drawn_answers(shift[completed], task, len(task.items), rng)
        times = len(task.items) if (task.items["score"] == "sum").all() else 1
        arms, scores = arms[completed], answers.mean(axis=1) * times
    else:
        codes = np.repeat(np.arange(len(plan.arms)), per_arm)
        values, seen = drawn_trials(codes, completed, shift, task, design, assumed, plan, rng)
        right = rights_and_wrongs(plan, design)
        scores = _of_trials(values, seen, right, task, assumed, rng)
        if task.outcome.population != "randomised":
            arms, scores = arms[completed], scores[completed]
    there = ~np.isnan(scores)
    return {arm: scores[there & (arms == arm)] for arm in plan.arms_of(task.outcome)}


def _of_trials(
    values: Array,
    seen: np.ndarray,
    right: np.ndarray,
    task: Simulated,
    assumed: Assumptions,
    rng: np.random.Generator,
) -> Array:
    """Return each participant's mean, or their measure of behaviour, missing without trials.

    `right` (images,) says whether the prediction of each image is right.
    """
    wanted = task.outcome.where.get("prediction_correct")
    among = seen if wanted is None else seen & (right == (wanted == 1))
    if task.outcome.kind != "behaviour":
        return _shares(np.where(among, values, 0.0), among)
    # The measure is the one of a real analysis, read as conditions on these arrays.
    advice_right = np.broadcast_to(right, values.shape)
    first, advice, final = (
        choice.reshape(values.shape)
        for choice in drawn_choices(
            advice_right.ravel(), values.ravel(), COUNTED[str(task.outcome.measure)], assumed, rng
        )
    )
    known = {
        "advice_right": advice_right,
        "first_right": first == RIGHT,
        "first_agreed": first == advice,
        "accepted": final == advice,
        "final_right": final == RIGHT,
    }
    measure = next(one for one in MEASURES if one.key == task.outcome.measure)
    ratio = cast("Ratio", resolve(measure.path))
    for column, value in ratio.among.items():
        among = among & (known[column] == bool(value))
    return _shares(among & (known[ratio.counted] == bool(ratio.wanted)), among)


def _shares(counted: Array | np.ndarray, among: np.ndarray) -> Array:
    totals = among.sum(axis=1)
    shares: Array = np.divide(
        counted.sum(axis=1), totals, out=np.full(len(totals), np.nan), where=totals > 0
    )
    return shares
