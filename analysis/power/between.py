"""Simulated participants of a declared design, as the tables that every analysis reads."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.plan.plan import Plan
from analysis.power.answers import Array
from analysis.power.assumptions import Assumptions, Design
from analysis.power.behaviour import COLUMNS, answered
from analysis.power.outcomes import LATER, Simulated
from analysis.power.within import NO_ANSWERS, NO_TRIALS, spreads, within_people
from analysis.study_data.logarithms import untransformed
from analysis.study_data.study_data import StudyData
from analysis.study_data.times import Times


def simulated_study(
    plan: Plan,
    codebook: pd.DataFrame,
    task: Simulated,
    design: Design,
    per_arm: int,
    affected: tuple[str, ...],
    assumed: Assumptions,
    rng: np.random.Generator,
) -> StudyData:
    """Simulate `per_arm` participants in each arm.

    The effect shifts the arms in `affected`. In a within-subjects design `affected` contains
    conditions. The plan's exclusions are simulated as a share lost at random and not as rules
    applied to simulated answers.
    """
    arms, completed, shift = drawn_people(plan, task, per_arm, affected, assumed, rng)
    people = _participants(arms, completed, design)
    if design.conditions:
        moved = latent_shift(task, design, affected)
        trials, answers = within_people(people, moved, task, design, assumed, rng)
    elif task.items is None:
        trials = _trials(people, shift, task, design, assumed, plan, rng)
        answers = pd.DataFrame(columns=list(NO_ANSWERS))
    else:
        trials = pd.DataFrame(columns=list(NO_TRIALS))
        answers = _answers(people[completed], shift[completed], task, assumed, rng)
    if not task.outcome.before:
        # The only measurement is the one that the outcome's `where` names.
        answers = _at(answers, task.outcome.where)
    plan = replace(plan, exclusions=())
    if task.outcome.kind == "behaviour":
        plan = replace(plan, behaviour=COLUMNS)
    return StudyData(people, trials, answers, codebook, {}, plan, {}, {}, {})


def drawn_people(
    plan: Plan,
    task: Simulated,
    per_arm: int,
    affected: tuple[str, ...],
    assumed: Assumptions,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, Array]:
    """Return each participant's arm, whether they completed the study, and their latent shift."""
    arms = np.repeat(np.array(plan.arms), per_arm)
    completed = rng.random(len(arms)) >= assumed.dropout
    kept = rng.random(len(arms)) >= assumed.excluded
    # Excluded participants matter only to outcomes that are analysed per protocol.
    if task.outcome.population == "per_protocol":
        completed &= kept
    shifted = np.isin(arms, affected) | (LATER in affected)
    return arms, completed, np.where(shifted, task.shift, 0.0)


def latent_shift(task: Simulated, design: Design, affected: tuple[str, ...]) -> Array:
    """Return the latent shift of each condition (conditions,)."""
    return np.where(np.isin(design.conditions, affected), task.shift, 0.0)


def drawn_answers(shift: Array, task: Simulated, count: int, rng: np.random.Generator) -> Array:
    """Return the answers (participants, items) to `count` items, in the direction of the scale."""
    level = task.answers.spread * rng.standard_normal(len(shift)) + shift
    return task.answers.draw(np.tile(level, (count, 1)).T, rng)


def drawn_trials(
    codes: np.ndarray,
    completed: np.ndarray,
    shift: Array,
    task: Simulated,
    design: Design,
    assumed: Assumptions,
    plan: Plan,
    rng: np.random.Generator,
) -> tuple[Array, np.ndarray]:
    """Return the answers (participants, images) and the trials that were seen (same shape).

    `codes` are the arms' numbers. Images with right predictions come first (rights_and_wrongs).
    Participants who stop have seen the first half of their trials, in a random order.
    """
    n, images = len(codes), len(rights_and_wrongs(plan, design))
    spread = spreads(task, assumed)
    # Images have common effects in all arms, as in a design where every arm sees the same images.
    by_image = rng.standard_normal(images) * spread["image"]
    by_arm = rng.standard_normal((len(plan.arms), images)) * spread["arm_by_image"]
    latent = shift[:, None] + by_image + by_arm[codes]
    latent = latent + rng.standard_normal((n, 1)) * spread["person"]
    values = task.answers.draw(latent, rng)
    order = np.argsort(rng.random((n, images)), axis=1)
    if design.accuracy:
        shown = _shown(order, codes, design, plan)
        # The images that somebody does not see come last in the order of what this person sees.
        order = np.argsort(np.argsort(np.where(shown, order, images + order), axis=1), axis=1)
    else:
        shown = np.ones((n, images), dtype=bool)
    return values, shown & (completed[:, None] | (order < design.images // 2))


def rights_and_wrongs(plan: Plan, design: Design) -> np.ndarray:
    """Return whether the prediction of each image (images,) of all arms together is right."""
    right, wrong = design.pool(plan.arms)
    return np.arange(right + wrong) < right


def _shown(order: np.ndarray, codes: np.ndarray, design: Design, plan: Plan) -> np.ndarray:
    """Return which images (participants, images) each participant sees at the arm's accuracy.

    The images are the first in the random `order`, of right and of wrong predictions separately.
    """
    is_right = rights_and_wrongs(plan, design)
    needed = np.array([design.shown(arm) for arm in plan.arms])[codes]
    shown = np.empty(order.shape, dtype=bool)
    for kind, among in enumerate((is_right, ~is_right)):
        places = np.argsort(np.argsort(order[:, among], axis=1), axis=1)
        shown[:, among] = places < needed[:, [kind]]
    return shown


def drawn_twice(
    shift: Array, task: Simulated, count: int, assumed: Assumptions, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return earlier and later answers (participants, items), of which the later are shifted.

    The true scores correlate so that the scores, with their noise, correlate as assumed.
    """
    stable = assumed.before_correlation / assumed.reliability
    person = stable**0.5 * rng.standard_normal(len(shift))
    levels = [
        task.answers.spread * (person + (1 - stable) ** 0.5 * rng.standard_normal(len(shift))) + at
        for at in (np.zeros_like(shift), shift)
    ]
    earlier, later = (task.answers.draw(np.tile(level, (count, 1)).T, rng) for level in levels)
    return earlier, later


def _participants(arms: np.ndarray, completed: np.ndarray, design: Design) -> pd.DataFrame:
    # In a within-subjects design the levels belong to the conditions and not to the arms.
    of_arms = {} if design.conditions else design.levels
    names = dict.fromkeys(name for levels in of_arms.values() for name in levels)
    factors = {name: [design.levels[arm].get(name) for arm in arms] for name in names}
    return pd.DataFrame(
        {
            **factors,
            "participant": [f"p{index}" for index in range(len(arms))],
            "arm": arms,
            "arm_label": arms,
            "state": np.where(completed, "completed", "started"),
            "simulated": 1,
        }
    )


def _answers(
    people: pd.DataFrame,
    shift: Array,
    task: Simulated,
    assumed: Assumptions,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return one row per participant and item, at both times if the outcome has an earlier one."""
    items = task.items
    if items is None:
        raise TypeError("only outcomes from scales and items have answers")
    outcome = task.outcome
    if not outcome.before:
        return _rows(people, drawn_answers(shift, task, len(items), rng), items)
    earlier, later = drawn_twice(shift, task, len(items), assumed, rng)
    both = [
        _at(_rows(people, earlier, items), outcome.before),
        _at(_rows(people, later, items), outcome.where),
    ]
    return pd.concat(both, ignore_index=True)


def _at(answers: pd.DataFrame, where: Times) -> pd.DataFrame:
    """Return the answers with the columns that say when they were given."""
    return answers.assign(**{n: str(time) for n, time in where.items() if n not in answers})


def _rows(people: pd.DataFrame, values: Array, items: pd.DataFrame) -> pd.DataFrame:
    """Return one row per participant and item. Reversed items are stored as clicked."""
    # Reversed items are stored as clicked, because the analysis reverses them again.
    turned = (items["reversed"] == 1).fillna(False).to_numpy(dtype=bool)
    ends = (items["minimum"] + items["maximum"]).to_numpy(dtype=float)
    values = np.where(turned, ends - values, values)
    return pd.DataFrame(
        {
            "participant": np.repeat(people["participant"].to_numpy(), len(items)),
            "arm": np.repeat(people["arm"].to_numpy(), len(items)),
            "questionnaire": np.tile(items["questionnaire"].to_numpy(), len(people)),
            "item": np.tile(items["item"].to_numpy(), len(people)),
            "value": values.ravel(),
        }
    )


def _trials(
    people: pd.DataFrame,
    shift: Array,
    task: Simulated,
    design: Design,
    assumed: Assumptions,
    plan: Plan,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the trials: every image for every participant, in a random order per participant.

    Participants who stop have answered the first half of their trials.
    """
    right = rights_and_wrongs(plan, design)
    n, images = len(people), len(right)
    codes = pd.Categorical(people["arm"], categories=plan.arms).codes
    completed = (people["state"] == "completed").to_numpy()
    values, seen = drawn_trials(codes, completed, shift, task, design, assumed, plan, rng)
    frame = pd.DataFrame(
        {
            "participant": np.repeat(people["participant"].to_numpy(), images),
            "arm": np.repeat(people["arm"].to_numpy(), images),
            "image": np.tile([f"i{index}" for index in range(images)], n),
            "prediction_correct": np.tile(right.astype(int), n),
            "agreed": 1,
            "decision_correct": 1,
        }
    )
    if task.outcome.kind == "behaviour":
        frame = answered(frame, values.ravel(), task.outcome, assumed, rng)
    else:
        column, wanted = str(task.outcome.column), values.ravel()
        frame[column] = untransformed(wanted, task.outcome.transform)
    return frame[seen.ravel()].reset_index(drop=True)
