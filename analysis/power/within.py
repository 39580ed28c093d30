"""Simulated participants who go through every condition, each with images of its own."""

import numpy as np
import pandas as pd

from analysis.power.answers import Array
from analysis.power.assumptions import Assumptions, Design
from analysis.power.outcomes import CONDITION, Simulated

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
    """(trials, answers), one of them empty. `shift` (conditions,) of the latent value.

    Conditions come in an own random order per person; who stops leaves after the first half.
    """
    k = len(design.conditions)
    place = np.argsort(rng.random((len(people), k)), axis=1)
    stopped = (people["state"] != "completed").to_numpy()
    seen = ~stopped[:, None] | (place < k // 2)
    if task.items is None:
        trials = _trials(people, shift, place, seen, task, design, assumed, rng)
        return trials, pd.DataFrame(columns=list(NO_ANSWERS))
    answers = _answers(people, shift, seen, task, design, assumed, rng)
    return pd.DataFrame(columns=list(NO_TRIALS)), answers


def spreads(task: Simulated, assumed: Assumptions) -> dict[str, float]:
    """The latent normal part's SD divided among people, images and arms by image."""
    shares = {
        "person": assumed.person_share,
        "image": assumed.image_share,
        "arm_by_image": assumed.arm_by_image_share,
    }
    total = sum(shares.values()) or 1.0
    return {name: task.answers.spread * (one / total) ** 0.5 for name, one in shares.items()}


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
    """As many sets of images as conditions; they rotate over a person's blocks by their number."""
    n, k, images = len(people), len(design.conditions), design.images
    spread = spreads(task, assumed)
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
    frame[str(task.outcome.column)] = np.exp(values) if task.outcome.transform == "log" else values
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
    """The questionnaire after each condition; reversed items as they were clicked."""
    items = task.items
    if items is None:
        raise TypeError("only scales and items have answers")
    n, k, count = len(people), len(design.conditions), len(items)
    stable, own = (assumed.stable_share**0.5, (1 - assumed.stable_share) ** 0.5)
    level = stable * rng.standard_normal((n, 1)) + own * rng.standard_normal((n, k))
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
