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
    """Return (trials, answers), one of which is empty.

    `shift` (conditions,) is the latent shift. The order of conditions is random per participant;
    participants who stop leave after the first half.
    """
    k = len(design.conditions)
    # Sorting random numbers gives every participant a random order of the conditions.
    place = np.argsort(rng.random((len(people), k)), axis=1)
    stopped = (people["state"] != "completed").to_numpy()
    seen = ~stopped[:, None] | (place < k // 2)
    if task.items is None:
        trials = _trials(people, shift, place, seen, task, design, assumed, rng)
        return trials, pd.DataFrame(columns=list(NO_ANSWERS))
    answers = _answers(people, shift, seen, task, design, assumed, rng)
    return pd.DataFrame(columns=list(NO_TRIALS)), answers


def spreads(task: Simulated, assumed: Assumptions) -> dict[str, float]:
    """Return the SDs of the latent normal part due to participants, images and arms by image."""
    shares = {
        "person": assumed.person_share,
        "image": assumed.image_share,
        "arm_by_image": assumed.arm_by_image_share,
    }
    total = sum(shares.values()) or 1.0
    return {name: task.answers.spread * (share / total) ** 0.5 for name, share in shares.items()}


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
    """Return the trials.

    The sets of images rotate over the blocks of successive participants.
    """
    n, k, images = len(people), len(design.conditions), design.images
    spread = spreads(task, assumed)
    # Rotation shows each set of images equally often in each condition.
    sets = (place + np.arange(n)[:, None]) % k
    by_image = rng.standard_normal((k, images)) * spread["image"]
    by_condition = rng.standard_normal((k, k, images)) * spread["arm_by_image"]
    latent = shift[:, None] + by_image[sets] + by_condition[np.arange(k), sets]
    latent = latent + rng.standard_normal((n, 1, 1)) * spread["person"]
    values = task.answers.draw(latent, rng).ravel()
    right = np.arange(images) < design.right
    names = np.array([[f"s{a}i{b}" for b in range(images)] for a in range(k)])
    frame = pd.DataFrame(
        {
            "participant": np.repeat(people["participant"].to_numpy(), k * images),
            "arm": np.repeat(people["arm"].to_numpy(), k * images),
            CONDITION: np.tile(np.repeat(design.conditions, images), n),
            "image": names[sets].ravel(),
            "prediction_correct": np.tile(right.astype(int), n * k),
            "agreed": 1,
            "decision_correct": 1,
        }
    )
    frame[str(task.outcome.column)] = untransformed(values, task.outcome.transform)
    return frame[np.repeat(seen.ravel(), images)].reset_index(drop=True)


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
    # Part of a true score is constant over conditions, which makes the design efficient.
    stable, varying = (assumed.stable_share**0.5, (1 - assumed.stable_share) ** 0.5)
    level = stable * rng.standard_normal((n, 1)) + varying * rng.standard_normal((n, k))
    latent = task.answers.spread * level + shift
    values = task.answers.draw(np.repeat(latent[:, :, None], count, axis=2), rng)
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
