"""What participants say is wrong ("what is wrong here?"), by arm and by image."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis.sections.stimuli_shown import IMAGE
from analysis.statistics.attrition import share
from analysis.statistics.descriptives import mean
from analysis.statistics.estimate import Estimate, NotEstimable, attempt
from analysis.study_data.codebook_words import codewords
from analysis.study_data.diagnosis_rule import (
    DIAGNOSIS,
    NOTHING,
    OF_MAPS,
    WRONG_CLASS,
    Suspicion,
    most_named,
    suspected,
)
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class AnswerCount:
    """How many of the people asked gave an answer, with Wilson's interval of their share.

    `asked` is the number of people who saw the image, with a map for an answer about the map.
    """

    answer: str
    count: int
    asked: int
    share: Estimate | NotEstimable


@dataclass(frozen=True)
class ImageDiagnoses:
    """An image that somebody named. `maps` gives the keys of the maps that people saw, by the
    method's name.

    `named` is the largest number of people who name the same fault.
    """

    image_set: str
    image: str
    true_class: str
    predicted_class: str
    right: bool
    people: int
    with_map: int
    named: int
    suspected: Suspicion | None
    answers: tuple[AnswerCount, ...]
    maps: Mapping[str, str]


@dataclass(frozen=True)
class ArmDiagnoses:
    """An arm's answers by kind, and the share of trials in which a fault was named.

    The shares are means over participants of the participant's share of right and of wrong
    predictions.
    """

    arm: str
    label: str
    trials: int
    counts: Mapping[str, int]
    named_right: Estimate | NotEstimable
    named_wrong: Estimate | NotEstimable


@dataclass(frozen=True)
class Diagnoses:
    """The answers, by arm and by image. `texts` gives the wording by answer.

    `images` were asked about; `by_image` contains those of which at least one person names a fault,
    the suspected images first.
    """

    texts: Mapping[str, str]
    images: int
    by_arm: tuple[ArmDiagnoses, ...]
    by_image: tuple[ImageDiagnoses, ...]


def diagnoses(data: StudyData) -> Diagnoses | None:
    """Count the answers of everyone randomised, or return None if the trials do not ask."""
    texts = _texts(data)
    if not texts:
        return None
    trials = data.trials.dropna(subset=["image", "answered_at"])
    # People who do not see the classifier's answer are not asked what is wrong with it.
    trials = trials[trials["arm"] != data.plan.human_alone]
    methods = _codewords(data, "method")
    by_image = [_image(rows, texts, methods, data.plan.level) for _, rows in trials.groupby(IMAGE)]
    named = [image for image in by_image if image.named]
    return Diagnoses(
        texts,
        len(by_image),
        tuple(
            _arm(data, trials[trials["arm"] == arm], arm, label, texts)
            for arm, label in data.labels.items()
            if arm != data.plan.human_alone
        ),
        tuple(
            sorted(named, key=lambda image: (image.suspected is None, -image.named, image.image))
        ),
    )


def _texts(data: StudyData) -> dict[str, str]:
    """Return the wording by answer. Empty unless the codebook describes this platform's question.

    A table of another study may have a column "diagnosis" with another meaning.
    """
    if data.plan.source is not None or DIAGNOSIS not in data.trials:
        return {}
    texts = _codewords(data, DIAGNOSIS)
    return texts if {NOTHING, WRONG_CLASS, *OF_MAPS} <= texts.keys() else {}


def _codewords(data: StudyData, column: str) -> dict[str, str]:
    book = data.codebook
    rows = book[(book["file"] == "trials.csv") & (book["column"] == column)]
    return codewords(rows["values"].iloc[0] if len(rows) else "")


def _image(
    rows: pd.DataFrame, texts: Mapping[str, str], methods: Mapping[str, str], level: float
) -> ImageDiagnoses:
    first = rows.iloc[0]
    counts = _counts(rows, texts)
    maps = rows.dropna(subset=["method", "explanation"])
    people, right = len(rows), bool(first["prediction_correct"] == 1)

    def answer(key: str) -> AnswerCount:
        asked = len(maps) if key in OF_MAPS else people
        found = attempt("share", partial(share, counts[key], asked, level))
        return AnswerCount(key, counts[key], asked, found)

    return ImageDiagnoses(
        str(first["image_set"]),
        str(first["image"]),
        str(first["true_class"]),
        str(first["predicted_class"]),
        right,
        people,
        len(maps),
        most_named(counts),
        suspected(counts, people, len(maps), is_correct=right),
        tuple(answer(key) for key in texts),
        {
            methods.get(str(method), str(method)): str(shown["explanation"].iloc[0])
            for method, shown in maps.groupby("method", sort=False)
        },
    )


def _arm(
    data: StudyData, trials: pd.DataFrame, arm: str, label: str, texts: Mapping[str, str]
) -> ArmDiagnoses:
    names = trials[DIAGNOSIS].isin([key for key in texts if key != NOTHING])

    def named(right: int) -> Estimate:
        kind = trials["prediction_correct"] == right
        # Everybody counts once, however many of these trials they answered.
        shares = names[kind].groupby(trials.loc[kind, "participant"]).mean().to_numpy(dtype=float)
        return mean(np.sort(shares), data.plan.level, low=0.0, high=1.0)

    return ArmDiagnoses(
        arm,
        label,
        len(trials),
        _counts(trials, texts),
        attempt("share of right predictions", partial(named, 1)),
        attempt("share of wrong predictions", partial(named, 0)),
    )


def _counts(trials: pd.DataFrame, texts: Mapping[str, str]) -> dict[str, int]:
    found = trials[DIAGNOSIS].value_counts()
    return {key: int(found.get(key, 0)) for key in texts}
