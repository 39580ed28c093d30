"""Calibration: against scikit-learn, by hand, and what debiasing is for."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from sklearn.metrics import roc_auc_score

from analysis.errors import NotEstimableError
from analysis.sections.behaviour.calibration import (
    auroc,
    debiased_calibration_error,
    expected_calibration_error,
)
from analysis.sections.behaviour.calibration_curve import share_interval


def trials(seed=0, people=20, each=15, shift=0.0, points=101):
    """Right with the stated probability, less `shift`."""
    rng = np.random.default_rng(seed)
    n = people * each
    stated = rng.integers(0, points, n) / (points - 1)
    return pd.DataFrame(
        {
            "participant": np.repeat([f"p{i}" for i in range(people)], each),
            "confidence": stated,
            "probability": stated,
            "final_right": (rng.random(n) < np.clip(stated - shift, 0, 1)).astype(float),
        }
    )


@pytest.mark.parametrize("points", [5, 101])
def test_the_area_is_scikit_learns(points):
    data = trials(points=points)
    found = auroc(data)
    assert found.value == pytest.approx(roc_auc_score(data["final_right"], data["confidence"]))
    assert found.low < found.value < found.high
    assert found.n == 20


@pytest.mark.nightly
def test_sureness_that_says_nothing_has_an_area_of_one_half_five_in_a_hundred_times():
    """300 studies, people of unequal sureness and ability: 15 false expected, SD 3.8."""
    false = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        people = np.repeat(np.arange(25), 12)
        data = pd.DataFrame(
            {
                "participant": people.astype(str),
                "confidence": rng.normal(size=25)[people] + rng.normal(size=300),
                "final_right": (rng.random(300) < rng.uniform(0.4, 0.9, 25)[people]).astype(float),
            }
        )
        false += auroc(data).p < 0.05
    assert 5 <= false <= 30


def test_people_who_are_always_right_cannot_show_that_they_know():
    with pytest.raises(NotEstimableError, match="all answers are right"):
        auroc(trials().assign(final_right=1.0))
    with pytest.raises(NotEstimableError, match="confidence does not vary"):
        auroc(trials().assign(confidence=3.0))


def test_the_plain_error_is_the_mean_gap_of_ten_bins():
    data = trials(shift=0.2)
    edges = np.unique(np.quantile(data["probability"], np.linspace(0.1, 0.9, 9)))
    bins = np.searchsorted(edges, data["probability"], side="left")
    by = data.groupby(bins)
    gap = (by["probability"].mean() - by["final_right"].mean()).abs()
    assert expected_calibration_error(data).value == pytest.approx((gap * by.size()).sum() / 300)


def test_debiasing_takes_out_what_few_trials_put_in():
    """People who are perfectly calibrated: the plain error is far from 0, the debiased near it."""
    plain = np.mean([expected_calibration_error(trials(seed, 10, 12)).value for seed in range(40)])
    squares = []
    for seed in range(40):
        squares.append(debiased_calibration_error(trials(seed, 10, 12)).value)
    assert plain > 0.08
    assert np.mean(np.array(squares) == 0) > 0.3
    assert np.mean(squares) < plain / 1.5


def test_overstatement_is_found_by_both():
    data = trials(shift=0.3, people=60)
    assert debiased_calibration_error(data).low > 0.1
    assert expected_calibration_error(data).low > 0.1


def test_bins_of_a_single_trial_have_no_debiased_error():
    """Three people with a trial each: nothing to take the chance out of."""
    with pytest.raises(NotEstimableError, match="contains two trials"):
        debiased_calibration_error(trials(people=3, each=1))


def test_two_people_are_too_few():
    with pytest.raises(NotEstimableError, match="three participants"):
        expected_calibration_error(trials(people=2))


def test_the_error_of_the_area_counts_people_and_keeps_right_and_wrong_apart():
    """Obuchowski (1997), by loops. There are unequal numbers of right and wrong answers."""
    data = trials(people=40, each=6).assign(final_right=lambda rows: rows["final_right"])
    data.loc[::2, "final_right"] = 1.0
    right, wrong = (data[data["final_right"] == value] for value in (1, 0))
    assert len(right) > 1.5 * len(wrong)

    def beats(sure, other):
        return float(sure > other) + 0.5 * float(sure == other)

    area = np.mean([beats(r, w) for r in right["confidence"] for w in wrong["confidence"]])
    squares = 0.0
    for person in data["participant"].unique():
        part = 0.0
        for row in right[right["participant"] == person].itertuples():
            part += (np.mean([beats(row.confidence, w) for w in wrong["confidence"]]) - area) / len(
                right
            )
        for row in wrong[wrong["participant"] == person].itertuples():
            part += (np.mean([beats(r, row.confidence) for r in right["confidence"]]) - area) / len(
                wrong
            )
        squares += part**2
    found = auroc(data)
    error = (found.high - found.value) / stats.t.ppf(0.975, 39)
    assert error == pytest.approx(np.sqrt(40 / 39 * squares))


def test_two_people_are_enough_for_an_area():
    assert auroc(trials(people=2, each=40)).n == 2


def test_a_share_of_a_bin_has_the_interval_of_its_people():
    people = pd.Series(np.repeat(list("abcdef"), 4))
    right = pd.Series([1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1.0])
    by_person = right.groupby(people.to_numpy()).mean()
    error = by_person.std() / np.sqrt(6) / (right.mean() * (1 - right.mean()))
    half = stats.t.ppf(0.975, 5) * error
    found = share_interval(right, people, 0.95)
    assert found.value == pytest.approx(right.mean())
    assert found.low == pytest.approx(special.expit(special.logit(right.mean()) - half))
    assert found.high == pytest.approx(special.expit(special.logit(right.mean()) + half))
