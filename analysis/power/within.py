"""Simulated participants of a within-subjects design, with different images per condition."""

import numpy as np
import pandas as pd

from analysis.power.answers import Array
from analysis.power.assumptions import Assumptions, Design
from analysis.power.outcomes import CONDITION, Simulated
from analysis.study_data.logarithms import untransformed

NO_TRIALS = ("participant", "arm", "image", "agreed", "decision_correct")
NO_ANSWERS = ("participant", "arm", "questionnaire", "item", "value")


def within_people(
    people: pd.DataFrame,
    shift: Array,
    task: Simulated,
    design: Design,
    assumed: Assumptions,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (trials, answers) of the participants.

    `shift` (conditions,) is the latent shift. Answers are empty for an outcome from trials. Trials
    of an outcome from a questionnaire are empty too, unless the conditions have factors: then they
    contain a row per condition, from which an analysis reads the levels.
    """
    completed = (people["state"] == "completed").to_numpy()
    place, seen = drawn_blocks(people["arm"].to_numpy(), completed, design, rng)
    if task.items is None:
        trials = _trials(people, shift, place, seen, task, design, assumed, rng)
        return trials, pd.DataFrame(columns=list(NO_ANSWERS))
    answers = _answers(people, shift, seen, task, design, assumed, rng)
    if not design.levels:
        return pd.DataFrame(columns=list(NO_TRIALS)), answers
    of_conditions = {CONDITION: list(design.conditions), **_factors(design)}
    return pd.DataFrame({**dict.fromkeys(NO_TRIALS), **of_conditions}), answers


def drawn_blocks(
    arms: np.ndarray, completed: np.ndarray, design: Design, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the block of each condition, and whether it was seen, both (participants, conditions).

    The order of the conditions is random per participant, and the block of a condition that is not
    part of the arm is -1. Participants who stop leave after the first half of their blocks.
    """
    numbers = {name: number for number, name in enumerate(design.conditions)}
    own = {
        arm: [numbers[name] for name in design.conditions_of(arm)] for arm in dict.fromkeys(arms)
    }
    of_people = np.array([own[arm] for arm in arms]).reshape(len(arms), -1)
    # Sorting random numbers gives every participant a random order of the conditions.
    order = np.argsort(rng.random(of_people.shape), axis=1)
    place = np.full((len(arms), len(numbers)), -1)
    np.put_along_axis(place, of_people, order, axis=1)
    return place, (place >= 0) & (completed[:, None] | (place < order.shape[1] // 2))


def spreads(task: Simulated, assumed: Assumptions) -> dict[str, float]:
    """Return the SDs of the latent normal part due to participants, images and arms by image."""
    shares = {
        "person": assumed.person_share,
        "image": assumed.image_share,
        "arm_by_image": assumed.arm_by_image_share,
    }
    total = sum(shares.values()) or 1.0
    return {name: task.answers.spread * (share / total) ** 0.5 for name, share in shares.items()}


def drawn_block_trials(
    place: np.ndarray,
    shift: Array,
    task: Simulated,
    design: Design,
    assumed: Assumptions,
    rng: np.random.Generator,
) -> tuple[Array, np.ndarray, np.ndarray]:
    """Return the answers and which images were shown, both (participants, conditions, images), and
    the set of images (participants, conditions) of each block.

    The sets rotate over the blocks of successive participants. Images with right predictions come
    first in each set.
    """
    (n, k), blocks = place.shape, int(place.max()) + 1
    right, wrong = design.pool(design.conditions)
    spread = spreads(task, assumed)
    # Rotation shows each set of images equally often in each condition.
    sets = (place + np.arange(n)[:, None]) % blocks
    by_image = rng.standard_normal((blocks, right + wrong)) * spread["image"]
    by_condition = rng.standard_normal((k, blocks, right + wrong)) * spread["arm_by_image"]
    latent = shift[:, None] + by_image[sets] + by_condition[np.arange(k), sets]
    latent = latent + rng.standard_normal((n, 1, 1)) * spread["person"]
    values = task.answers.draw(latent, rng)
    if not design.accuracy:
        return values, np.ones(values.shape, dtype=bool), sets
    # Each person sees random images of the set, as many of each kind as the condition shows.
    needed = np.array([design.shown(name) for name in design.conditions])
    shown = [
        np.argsort(np.argsort(rng.random((n, k, count)), axis=2), axis=2) < needed[:, [kind]]
        for kind, count in enumerate((right, wrong))
    ]
    return values, np.concatenate(shown, axis=2), sets


def drawn_block_answers(
    people: int, shift: Array, task: Simulated, count: int, assumed: Assumptions,
    rng: np.random.Generator,
) -> Array:  # fmt: skip
    """Return the answers (participants, conditions, items) to `count` items after each block.

    They are in the direction of the scale.
    """
    # Part of a true score is constant over conditions, which makes the design efficient.
    stable, varying = (assumed.stable_share**0.5, (1 - assumed.stable_share) ** 0.5)
    own = rng.standard_normal((people, 1)), rng.standard_normal((people, len(shift)))
    latent = task.answers.spread * (stable * own[0] + varying * own[1]) + shift
    return task.answers.draw(np.repeat(latent[:, :, None], count, axis=2), rng)


def _trials(
    people: pd.DataFrame,
    shift: Array,
    place: np.ndarray,
    seen: np.ndarray,
    task: Simulated,
    design: Design,
    assumed: Assumptions,
    rng: np.random.Generator,
) -> pd.DataFrame:
    values, shown, sets = drawn_block_trials(place, shift, task, design, assumed, rng)
    n, k, images = values.shape
    right = np.arange(images) < design.pool(design.conditions)[0]
    names = np.array([[f"s{a}i{b}" for b in range(images)] for a in range(int(sets.max()) + 1)])
    by_condition = pd.DataFrame({CONDITION: design.conditions, **_factors(design)})
    frame = pd.DataFrame(
        {
            "participant": np.repeat(people["participant"].to_numpy(), k * images),
            "arm": np.repeat(people["arm"].to_numpy(), k * images),
            **{
                str(name): np.tile(np.repeat(of.to_numpy(), images), n)
                for name, of in by_condition.items()
            },
            "image": names[sets].ravel(),
            "prediction_correct": np.tile(right.astype(int), n * k),
            "agreed": 1,
            "decision_correct": 1,
        }
    )
    frame[str(task.outcome.column)] = untransformed(values.ravel(), task.outcome.transform)
    kept: pd.DataFrame = frame[(seen[:, :, None] & shown).ravel()]
    return kept.reset_index(drop=True)


def _factors(design: Design) -> dict[str, list[str | None]]:
    """Return the levels of the conditions' factors, in the order of the conditions."""
    names = dict.fromkeys(name for levels in design.levels.values() for name in levels)
    return {
        name: [design.levels.get(condition, {}).get(name) for condition in design.conditions]
        for name in names
    }


def _answers(
    people: pd.DataFrame,
    shift: Array,
    seen: np.ndarray,
    task: Simulated,
    design: Design,
    assumed: Assumptions,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the questionnaire after each condition.

    Reversed items are stored as clicked.
    """
    items = task.items
    if items is None:
        raise TypeError("only outcomes from scales and items have answers")
    n, k, count = len(people), len(design.conditions), len(items)
    values = drawn_block_answers(n, shift, task, count, assumed, rng)
    turned = (items["reversed"] == 1).fillna(False).to_numpy(dtype=bool)
    ends = (items["minimum"] + items["maximum"]).to_numpy(dtype=float)
    values = np.where(turned, ends - values, values)
    frame = pd.DataFrame(
        {
            "participant": np.repeat(people["participant"].to_numpy(), k * count),
            "arm": np.repeat(people["arm"].to_numpy(), k * count),
            CONDITION: np.tile(np.repeat(design.conditions, count), n),
            "questionnaire": np.tile(items["questionnaire"].to_numpy(), n * k),
            "item": np.tile(items["item"].to_numpy(), n * k),
            "value": values.ravel(),
        }
    )
    return frame[np.repeat(seen.ravel(), count)].reset_index(drop=True)
