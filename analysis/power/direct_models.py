"""p values of logistic trial models of simulated studies, many studies at once, without tables.

The random numbers are drawn by the functions that build a study's tables, in the same order, so
both ways give the same studies. Studies that the fast search does not decide go the long way.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.plan.plan import Outcome, Plan
from analysis.power.answers import Array
from analysis.power.assumptions import Assumptions, Design
from analysis.power.between import drawn_people, drawn_trials, rights_and_wrongs
from analysis.power.outcomes import Simulated
from analysis.statistics.mixed_models.crossed_logistic import Grid, fixed_effects

ANSWERS_AT_ONCE = 25_000  # more answers no longer fit the processor's cache and take longer


def is_direct_model(plan: Plan, outcome: Outcome, design: Design) -> bool:
    """Return whether the outcome is a logistic model of arms with two random intercepts."""
    plain = outcome.within is None and not outcome.slopes and not outcome.before
    return (
        outcome.analysis == "logistic_trials"
        and outcome.kind == "trial_mean"
        and plain
        and sorted(outcome.random) == ["image", "participant"]
        and set(outcome.where) <= {"prediction_correct"}
        and not design.conditions
        and len(plan.arms_of(outcome)) > 1
        and int(_counted(plan, outcome, design).sum()) > 1
    )


def p_values(
    plan: Plan,
    task: Simulated,
    design: Design,
    per_arm: int,
    affected: tuple[str, ...],
    assumed: Assumptions,
    generators: Sequence[np.random.Generator],
) -> Iterator[float | None]:
    """Yield the p of the arms' effect in the study of each generator, or None if undecided."""
    arms = len(plan.arms_of(task.outcome))
    answers = per_arm * arms * int(_counted(plan, task.outcome, design).sum())
    size = max(1, ANSWERS_AT_ONCE // answers)
    contrasts = np.eye(arms)[1:] - np.eye(arms)[:1]
    for first in range(0, len(generators), size):
        drawn = [
            _drawn(plan, task, design, per_arm, affected, assumed, rng)
            for rng in generators[first : first + size]
        ]
        right, seen = (np.array(part) for part in zip(*drawn, strict=True))
        regular = [_has_enough(study) for study in seen]
        found = fixed_effects(Grid(right, seen, arms))
        for fixed, is_regular in zip(found, regular, strict=True):
            if fixed is None or not is_regular:
                yield None
            else:
                yield fixed.f_test("arm", contrasts, per_arm * arms).p


def _drawn(
    plan: Plan,
    task: Simulated,
    design: Design,
    per_arm: int,
    affected: tuple[str, ...],
    assumed: Assumptions,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Return answers and seen trials (images, people) of a study, as `crossed_logistic.Grid`."""
    arms, completed, shift = drawn_people(plan, task, per_arm, affected, assumed, rng)
    codes = np.repeat(np.arange(len(plan.arms)), per_arm)
    values, seen = drawn_trials(codes, completed, shift, task, design, assumed, plan, rng)
    if task.outcome.population != "randomised":
        seen = seen & completed[:, None]
    people = np.isin(arms, plan.arms_of(task.outcome))
    there = seen[people][:, _counted(plan, task.outcome, design)].T.astype(float)
    answers = values[people][:, _counted(plan, task.outcome, design)].T
    return answers * there, there


def _counted(plan: Plan, outcome: Outcome, design: Design) -> np.ndarray:
    """Return which images (images,) the outcome counts."""
    right = rights_and_wrongs(plan, design)
    wanted = outcome.where.get("prediction_correct")
    return np.ones(len(right), dtype=bool) if wanted is None else right == (wanted == 1)


def _has_enough(seen: Array) -> bool:
    """Return whether the trials (images, people) tell images from people and both from chance."""
    by_image, by_person = seen.sum(axis=1), seen.sum(axis=0)
    return bool((by_image > 0).sum() > 1 and (by_person > 0).sum() < seen.sum())
