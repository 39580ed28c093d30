"""Agreement of participants with the classifier by the image's true class, which shows whether
people follow it more readily for some classes than for others."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.sections.stimuli_shown import IMAGE
from analysis.statistics.comparisons.two_samples import paired_t
from analysis.statistics.descriptives import mean
from analysis.statistics.estimate import Estimate, NotEstimable, Scores, attempt
from analysis.statistics.multiplicity import holm
from analysis.study_data.study_data import StudyData

Prediction = Literal["right", "wrong"]
KINDS: tuple[tuple[Prediction, int], ...] = (("right", 1), ("wrong", 0))


@dataclass(frozen=True)
class ClassAgreement:
    """Agreement with right or with wrong predictions for images of a class.

    `agreement` is the mean over participants of the share that they accept or name themselves,
    `difference` is that share minus the same participant's share for the other classes (paired t),
    and `p_adjusted` is Holm's over all rows. Right and wrong predictions are never mixed: classes
    differ in how many of their images are predicted wrongly.
    """

    true_class: str
    prediction: Prediction
    images: int
    trials: int
    agreement: Estimate | NotEstimable
    difference: Estimate | NotEstimable
    p_adjusted: float | None = None


def agreement_by_class(data: StudyData) -> tuple[ClassAgreement, ...]:
    """Return a row per kind of prediction and class, over all arms, of everyone randomised.

    Empty if no answer tells whether the prediction was followed, or if the images do not have at
    least two classes.
    """
    trials = data.trials.dropna(subset=["advice_followed", "true_class", "prediction_correct"])
    # Who does not see the prediction agrees with it by chance alone.
    trials = trials[trials["arm"] != data.plan.human_alone]
    if trials["true_class"].nunique() < 2:
        return ()
    rows = [
        row
        for kind, value in KINDS
        for row in _of_kind(trials[trials["prediction_correct"] == value], kind, data.plan.level)
    ]
    # Every class counts in Holm's procedure, also without a test.
    adjusted = holm(
        {
            f"{row.prediction} {row.true_class}": row.difference.p
            if isinstance(row.difference, Estimate)
            else None
            for row in rows
        }
    )
    return tuple(
        replace(row, p_adjusted=adjusted[f"{row.prediction} {row.true_class}"]) for row in rows
    )


def _of_kind(trials: pd.DataFrame, kind: Prediction, level: float) -> list[ClassAgreement]:
    by_person = trials.assign(followed=trials["advice_followed"].astype(float)).groupby(
        ["participant", "true_class"]
    )["followed"]
    sums, counts = by_person.sum().unstack().fillna(0), by_person.count().unstack().fillna(0)
    images = trials.drop_duplicates(IMAGE)["true_class"].value_counts()
    return [
        _of_class(
            str(name),
            kind,
            int(images.get(name, 0)),
            _Tally(sums[name].to_numpy(float), counts[name].to_numpy(float)),
            _Tally(sums.sum(axis=1).to_numpy(float), counts.sum(axis=1).to_numpy(float)),
            level,
        )
        for name in sums
    ]


@dataclass(frozen=True)
class _Tally:
    """Predictions followed and predictions seen, by participant."""

    followed: Scores
    seen: Scores


def _of_class(
    name: str, kind: Prediction, images: int, own: _Tally, every: _Tally, level: float
) -> ClassAgreement:
    others = _Tally(every.followed - own.followed, every.seen - own.seen)
    return ClassAgreement(
        name,
        kind,
        images,
        int(own.seen.sum()),
        attempt("agreement", partial(_agreement, own, level)),
        attempt("difference", partial(_difference, own, others, level)),
    )


def _agreement(own: _Tally, level: float) -> Estimate:
    people = own.seen > 0
    return mean(own.followed[people] / own.seen[people], level, low=0.0, high=1.0)


def _difference(own: _Tally, others: _Tally, level: float) -> Estimate:
    both = (own.seen > 0) & (others.seen > 0)
    if not both.any():
        raise NotEstimableError("nobody saw images of this class and of another class")
    share, of_others = (tally.followed[both] / tally.seen[both] for tally in (own, others))
    return paired_t(share, of_others, level)
