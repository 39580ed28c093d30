"""What the participants saw: how many predictions, how many of them wrong, and whose images."""

from dataclasses import dataclass

import pandas as pd

from analysis.table import StudyData


@dataclass(frozen=True)
class ArmShown:
    """One arm's trials: distinct images, right and wrong among them, trials and those answered."""

    arm: str
    label: str
    images: int
    right: int
    wrong: int
    trials: int
    answered: int


@dataclass(frozen=True)
class Shown:
    """Over all arms: distinct images, and the classifier's accuracy among them (0..1).

    `same_images` says whether every arm saw the same images: without it, a participant-level test
    between arms also tests the images (research: rejects a true null three times in ten).
    """

    images: int
    right: int
    wrong: int
    accuracy: float | None
    same_images: bool
    image_sets: tuple[str, ...]
    arms: tuple[ArmShown, ...]


def what_was_shown(data: StudyData) -> Shown:
    """From the trials table, everyone randomised, withdrawn or not."""
    known = data.trials.dropna(subset=["image"])  # another study's tables need not name images
    images = known.drop_duplicates(["image_set", "image"])
    right = int((images["prediction_correct"] == 1).sum())
    by_arm = [set(rows["image"]) for _, rows in known.groupby("arm") if len(rows)]
    return Shown(
        len(images),
        right,
        len(images) - right,
        right / len(images) if len(images) else None,
        all(images_of_arm == by_arm[0] for images_of_arm in by_arm),
        tuple(sorted(set(images["image_set"].dropna().astype(str)))),
        tuple(
            _arm_shown(data.trials[data.trials["arm"] == arm], arm, label)
            for arm, label in data.labels.items()
        ),
    )


def _arm_shown(trials: pd.DataFrame, arm: str, label: str) -> ArmShown:
    images = trials.dropna(subset=["image"]).drop_duplicates(["image_set", "image"])
    right = int((images["prediction_correct"] == 1).sum())
    answered = int(trials["agreed"].notna().sum())
    return ArmShown(arm, label, len(images), right, len(images) - right, len(trials), answered)
