"""Made-up studies: participants crossed with images, with known effects."""

import numpy as np
import pandas as pd

from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Numeric, Random

ARMS = ("none", "lime", "shap")
ARM = Categorical("arm", levels=ARMS)
POSITION = Numeric("position")
CROSSED = (Random("participant"), Random("image"))


def crossed(
    seed: int = 0,
    participants: int = 30,
    images: int = 10,
    kept: float = 0.8,
    sds: tuple[float, float, float] = (0.8, 0.6, 0.4),
) -> pd.DataFrame:
    """Rows of participants × images, a random share `kept`; SDs of participants, images, slopes.

    `trust` is normal around its mean, `agreed` 0/1 and `rating` 1..5 follow the same mean.
    """
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(participants), images)
    image = np.tile(np.arange(images), participants)
    position = rng.integers(0, images, len(person)) / images - 0.5
    arm = person % len(ARMS)
    mean = (
        0.3 * arm
        + 0.5 * position
        + rng.normal(0, sds[0], participants)[person]
        + rng.normal(0, sds[1], images)[image]
        + rng.normal(0, sds[2], participants)[person] * position
    )
    table = pd.DataFrame(
        {
            "participant": [f"p{i:03}" for i in person],
            "image": [f"i{i:02}" for i in image],
            "arm": np.array(ARMS)[arm],
            "position": position,
            "trust": mean + rng.normal(0, 1, len(mean)),
            "agreed": (rng.random(len(mean)) < 1 / (1 + np.exp(-mean))).astype(int),
            "rating": 1 + np.digitize(mean + rng.logistic(size=len(mean)), [-1.5, 0, 1, 2]),
        }
    )
    return table[rng.random(len(table)) < kept].reset_index(drop=True)


def model(outcome: str = "trust", **changes: object) -> MixedModel:
    """Arm and position, participants and images; `changes` replace fields."""
    fields = {"outcome": outcome, "fixed": (ARM, POSITION), "random": CROSSED, **changes}
    return MixedModel(**fields)
