"""Stimuli shown: predictions, errors, the classifier's confidence, and the images."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.study_data.codebook_words import codewords
from analysis.study_data.study_data import StudyData

IMAGE = ["image_set", "image"]


@dataclass(frozen=True)
class Confidence:
    """The classifier's probability for its prediction over distinct images: count and range."""

    images: int
    mean: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class ArmShown:
    """An arm's trials: distinct images, how many were predicted right and wrong, and trials.

    `right_trials` and `wrong_trials` count an image as often as it was seen. `maps` contains the
    methods of the maps in the codebook's words and is empty for an arm without maps.
    """

    arm: str
    label: str
    images: int
    right: int
    wrong: int
    trials: int
    answered: int
    right_trials: int
    wrong_trials: int
    sure_right: Confidence | None
    sure_wrong: Confidence | None
    maps: tuple[str, ...]


@dataclass(frozen=True)
class ClassShown:
    """A cell of the confusion matrix of the images shown: distinct images, and their trials."""

    true_class: str
    predicted_class: str
    images: int
    trials: int


@dataclass(frozen=True)
class ImageShown:
    """An image with the classifier's prediction and probability, and how often it was accepted."""

    image_set: str
    image: str
    true_class: str
    predicted_class: str
    probability: float | None
    right: bool
    trials: int
    answered: int
    accepted: int


@dataclass(frozen=True)
class StimuliShown:
    """Totals over all arms: distinct images, and the classifier's accuracy on them (0 to 1).

    `same_images` is True if all arms saw the same images. Otherwise a participant-level test
    between arms also tests the images and rejects a true null hypothesis three times in ten
    (research).
    """

    images: int
    right: int
    wrong: int
    accuracy: float | None
    same_images: bool
    image_sets: tuple[str, ...]
    sure_right: Confidence | None
    sure_wrong: Confidence | None
    confusion: tuple[ClassShown, ...]
    by_image: tuple[ImageShown, ...]
    arms: tuple[ArmShown, ...]


def stimuli_shown(data: StudyData) -> StimuliShown:
    """Summarise the trials of everyone randomised whose data exist, completed or not."""
    known = data.trials.dropna(subset=["image"])  # other studies' tables may lack image names
    images = known.drop_duplicates(IMAGE)
    right = int((images["prediction_correct"] == 1).sum())
    wrong = int((images["prediction_correct"] == 0).sum())
    book = data.codebook
    methods = book[(book["file"] == "trials.csv") & (book["column"] == "method")]
    words = codewords(methods["values"].iloc[0] if len(methods) else "")
    by_arm = [set(rows["image"]) for _, rows in known.groupby("arm") if len(rows)]
    return StimuliShown(
        len(images),
        right,
        wrong,
        right / (right + wrong) if right + wrong else None,
        all(images_of_arm == by_arm[0] for images_of_arm in by_arm),
        tuple(sorted(set(images["image_set"].dropna().astype(str)))),
        _confidence(images, 1),
        _confidence(images, 0),
        _confusion(known),
        _by_image(known),
        tuple(
            _arm_shown(data.trials[data.trials["arm"] == arm], arm, label, words)
            for arm, label in data.labels.items()
        ),
    )


def _arm_shown(trials: pd.DataFrame, arm: str, label: str, words: Mapping[str, str]) -> ArmShown:
    images = trials.dropna(subset=["image"]).drop_duplicates(IMAGE)
    # Images are counted once; the trials below count every presentation.
    right, wrong = (int((images["prediction_correct"] == value).sum()) for value in (1, 0))
    return ArmShown(
        arm,
        label,
        len(images),
        right,
        wrong,
        len(trials),
        int(trials["agreed"].notna().sum()),
        int((trials["prediction_correct"] == 1).sum()),
        int((trials["prediction_correct"] == 0).sum()),
        _confidence(images, 1),
        _confidence(images, 0),
        _maps(trials, words),
    )


def _maps(trials: pd.DataFrame, words: Mapping[str, str]) -> tuple[str, ...]:
    """Return the methods in the order in which the table first shows them."""
    if "method" not in trials:
        return ()
    keys = trials["method"].dropna().astype(str).drop_duplicates()
    return tuple(words.get(key, key) for key in keys if key)


def _confidence(images: pd.DataFrame, right: int) -> Confidence | None:
    probabilities = images.loc[images["prediction_correct"] == right, "probability"].dropna()
    if probabilities.empty:
        return None
    return Confidence(
        len(probabilities),
        float(probabilities.mean()),
        float(probabilities.min()),
        float(probabilities.max()),
    )


def _confusion(trials: pd.DataFrame) -> tuple[ClassShown, ...]:
    """Return the pairs that occur, by true class, with the right prediction first."""
    named = trials.dropna(subset=["true_class", "predicted_class"])
    cells = [
        ClassShown(str(true), str(said), len(rows.drop_duplicates(IMAGE)), len(rows))
        for (true, said), rows in named.groupby(["true_class", "predicted_class"], sort=True)
    ]
    return tuple(
        sorted(
            cells,
            key=lambda cell: (
                cell.true_class,
                cell.true_class != cell.predicted_class,
                -cell.images,
            ),
        )
    )


def _by_image(trials: pd.DataFrame) -> tuple[ImageShown, ...]:
    """Return every image, wrongly classified images first."""
    images = [
        _picture(rows)
        for _, rows in trials.groupby(IMAGE, sort=True, dropna=False)
        if rows["prediction_correct"].notna().any()
    ]
    return tuple(sorted(images, key=lambda image: image.right))


def _picture(rows: pd.DataFrame) -> ImageShown:
    first = rows.iloc[0]
    return ImageShown(
        _text(first["image_set"]),
        str(first["image"]),
        _text(first["true_class"]),
        _text(first["predicted_class"]),
        None if pd.isna(first["probability"]) else float(first["probability"]),
        bool(rows["prediction_correct"].dropna().iloc[0] == 1),
        len(rows),
        int(rows["agreed"].notna().sum()),
        int((rows["agreed"] == 1).sum()),
    )


def _text(value: object) -> str:
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]
