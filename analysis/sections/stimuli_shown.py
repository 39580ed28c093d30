"""Stimuli shown: predictions, errors, the classifier's confidence, and the images."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.study_data.codebook_words import codewords
from analysis.study_data.example_images import example_images
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
    `planned_accuracy` is the share of right predictions that the study file plans, None without a
    plan or with several (see AccuracyShown), and `realised_accuracy` the share among the trials
    that were answered.
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
    planned_accuracy: float | None
    realised_accuracy: float | None


@dataclass(frozen=True)
class AccuracyShown:
    """Planned and realised share of right predictions under a condition, over trials answered."""

    condition: str
    label: str
    planned: float | None
    realised: float | None
    answered: int


@dataclass(frozen=True)
class ImageExposed:
    """An image that was drawn for some people, and how many of them saw it, by condition."""

    image_set: str
    image: str
    right: bool
    people: Mapping[str, int]


@dataclass(frozen=True)
class Exposures:
    """How often the images of a pool were shown under a condition: fewest and most people."""

    condition: str
    label: str
    right: bool
    images: int
    fewest: int
    most: int
    people: int


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
class Example:
    """An image that stands for the others, with the key of the map that each group saw with it.

    `maps` has the label of an arm, or of a method in a study of one arm, and is empty without maps.
    """

    image: str
    true_class: str
    predicted_class: str
    probability: float | None
    right: bool
    maps: Mapping[str, str]


@dataclass(frozen=True)
class StimuliShown:
    """Totals over all arms: distinct images, and the classifier's accuracy on them (0 to 1).

    `right` and `wrong` count the images with such a prediction. An image with a right prediction in
    one arm and a wrong one in another is in both, and `images` counts it once.
    `accuracies` is empty unless the planned accuracy differs between the conditions of an arm.
    `exposures` and `exposed` are empty if all people of an arm saw the same images.
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
    accuracies: tuple[AccuracyShown, ...]
    exposures: tuple[Exposures, ...]
    exposed: tuple[ImageExposed, ...]
    examples: tuple[Example, ...] = ()

    @property
    def both(self) -> int:
        """Return the number of images with a right prediction for some and a wrong for others."""
        return max(0, self.right + self.wrong - self.images)


def stimuli_shown(data: StudyData) -> StimuliShown:
    """Summarise the trials of everyone randomised whose data exist, completed or not."""
    known = data.trials.dropna(subset=["image"])  # other studies' tables may lack image names
    # An image with a right prediction in one arm and a wrong one in another counts in both.
    images = known.drop_duplicates([*IMAGE, "prediction_correct"])
    right = int((images["prediction_correct"] == 1).sum())
    wrong = int((images["prediction_correct"] == 0).sum())
    book = data.codebook
    methods = book[(book["file"] == "trials.csv") & (book["column"] == "method")]
    words = codewords(methods["values"].iloc[0] if len(methods) else "")
    by_arm = [set(rows["image"]) for _, rows in known.groupby("arm") if len(rows)]
    return StimuliShown(
        len(known.drop_duplicates(IMAGE)),
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
        _accuracies(data),
        *_exposures(known, data.labels | _condition_labels(data)),
        _examples(known, data.labels, words),
    )


def _examples(
    trials: pd.DataFrame, labels: Mapping[str, str], words: Mapping[str, str]
) -> tuple[Example, ...]:
    """Return the few images whose pictures the report shows, right predictions first."""
    judged = trials.dropna(subset=["prediction_correct"])
    chosen = example_images(
        (str(image), right == 1)
        for image, right in zip(judged["image"], judged["prediction_correct"], strict=True)
    )
    unit = "method" if len(labels) == 1 else "arm"
    names = words if unit == "method" else labels
    examples = []
    for name in chosen:
        rows = judged[judged["image"].astype("str") == name]
        row = rows.iloc[0]
        maps = {}
        if "explanation" in rows and unit in rows:
            seen = rows.dropna(subset=["explanation", unit])
            # People of an arm may have seen several maps of an image; the most frequent is shown.
            maps = {
                names.get(str(key), str(key)): str(group["explanation"].mode().iloc[0])
                for key, group in seen.groupby(unit, sort=False, observed=True)
                if len(group)
            }
        probability = row["probability"]
        examples.append(
            Example(
                name,
                str(row["true_class"]),
                str(row["predicted_class"]),
                None if pd.isna(probability) else float(probability),
                bool(row["prediction_correct"] == 1),
                {label: maps[label] for label in [*names.values(), *maps] if label in maps},
            )
        )
    return tuple(examples)


def _exposures(
    trials: pd.DataFrame, labels: Mapping[str, str]
) -> tuple[tuple[Exposures, ...], tuple[ImageExposed, ...]]:
    """Count the people who saw each image under each condition, if their images differ.

    `labels` are the labels of arms and conditions, by key.
    """
    unit = "condition" if "condition" in trials else "arm"
    rows = trials.dropna(subset=[unit, "prediction_correct"])
    if rows.empty or not _differ(rows, unit):
        return (), ()
    counts = rows.pivot_table(
        index=[*IMAGE, "prediction_correct"],
        columns=unit,
        values="participant",
        aggfunc="nunique",
        fill_value=0,
        dropna=False,
        observed=True,
    )
    counts = counts[counts.sum(axis=1) > 0]
    people = rows.groupby(unit)["participant"].nunique()
    summary = []
    for condition in counts.columns:
        for right in (True, False):
            shown = counts.loc[counts.index.get_level_values(2) == int(right), condition]
            # A condition without any such image, as where the classifier is always right.
            if len(shown) and shown.max():
                summary.append(
                    Exposures(
                        str(condition),
                        labels.get(str(condition), str(condition)),
                        right,
                        len(shown),
                        int(shown.min()),
                        int(shown.max()),
                        int(people[condition]),
                    )
                )
    exposed = tuple(
        ImageExposed(
            str(image_set),
            str(image),
            bool(right == 1),
            dict(zip(map(str, counts.columns), map(int, row), strict=True)),
        )
        for (image_set, image, right), row in zip(
            counts.index.to_list(), counts.to_numpy().tolist(), strict=True
        )
    )
    return tuple(summary), exposed


def _differ(trials: pd.DataFrame, unit: str) -> bool:
    """Check whether people saw different images under any condition."""
    seen = trials.groupby([unit, "participant"])["image"].agg(frozenset)
    return bool((seen.groupby(level=0).nunique() > 1).any())


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
        _planned(trials),
        _realised(trials),
    )


def _accuracies(data: StudyData) -> tuple[AccuracyShown, ...]:
    """Return the accuracies by condition, in the codebook's order, if an arm has several."""
    trials = data.trials
    if "planned_accuracy" not in trials or "condition" not in trials:
        return ()
    if trials.groupby("arm")["planned_accuracy"].nunique().max() < 2:
        return ()
    labels = _condition_labels(data)
    there = trials.dropna(subset=["condition", "planned_accuracy"])
    keys = sorted(map(str, there["condition"].unique()), key=[*labels, *there["condition"]].index)
    shown = [(key, there[there["condition"] == key]) for key in keys]
    return tuple(
        AccuracyShown(
            key,
            labels.get(key, key),
            _planned(rows_of_key),
            _realised(rows_of_key),
            int(rows_of_key["agreed"].notna().sum()),
        )
        for key, rows_of_key in shown
    )


def _condition_labels(data: StudyData) -> dict[str, str]:
    """Return the labels of the conditions by key, in the codebook's order."""
    book = data.codebook
    rows = book[(book["file"] == "trials.csv") & (book["column"] == "condition")]
    return dict(codewords(rows["values"].iloc[0] if len(rows) else ""))


def _planned(trials: pd.DataFrame) -> float | None:
    """Return the planned accuracy of these trials, or None if they have none or several."""
    if "planned_accuracy" not in trials:
        return None
    planned = pd.to_numeric(trials["planned_accuracy"], errors="coerce").dropna().unique()
    return float(planned[0]) if len(planned) == 1 else None


def _realised(trials: pd.DataFrame) -> float | None:
    answered = trials.loc[trials["answered_at"].notna()] if "answered_at" in trials else trials
    known = answered["prediction_correct"].dropna()
    return None if known.empty else float((known == 1).mean())


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
