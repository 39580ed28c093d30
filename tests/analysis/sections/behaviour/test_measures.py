"""Each measure of behaviour on a handful of trials, worked out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.plan.tables import Behaviour
from analysis.sections.behaviour import ratios, scores
from analysis.sections.behaviour.calibration import expected_calibration_error
from analysis.sections.behaviour.complementarity import complementarity
from analysis.sections.behaviour.measures import behaviour
from analysis.sections.behaviour.trials import _times, behaviour_trials
from tests.analysis.study_data.tables import NO_PLAN, study_data

# first answer right, advice right, final answer right, advice accepted, first answer = advice
TRIALS = [
    (1, 0, 0, 1, 0),  # talked out of a right answer
    (1, 0, 1, 0, 0),  # held on to it
    (0, 0, 0, 1, 1),  # wrong all along
    (0, 1, 1, 1, 0),  # put right
    (0, 1, 0, 0, 0),  # right advice refused
    (1, 1, 1, 1, 1),  # right all along
    (1, 1, 0, 0, 1),  # right advice refused that was one's own answer
]
COLUMNS = ["first_right", "advice_right", "final_right", "accepted", "first_agreed"]


def trials(rows=TRIALS):
    return pd.DataFrame(rows, columns=COLUMNS, dtype=float).assign(participant="p")


@pytest.mark.parametrize(
    ("measure", "hits", "among"),
    [
        (ratios.AGREEMENT, 4, 7),
        (ratios.SWITCHING, 2, 4),
        (ratios.ACCURACY_BEFORE, 4, 7),
        (ratios.ACCURACY, 3, 7),
        (ratios.ACCURACY_DISAGREEING, 2, 4),
        (ratios.RAIR, 1, 2),
        (ratios.RSR, 1, 2),
        (ratios.OVER_RELIANCE, 2, 3),
        (ratios.UNDER_RELIANCE, 2, 4),
        (ratios.OVER_RELIANCE_FIRST_RIGHT, 1, 2),
        (ratios.UNDER_RELIANCE_FIRST_WRONG, 1, 2),
    ],
)
def test_a_ratio_counts_what_its_name_says(measure, hits, among):
    row = measure(trials()).loc["p"]
    assert (row["numerator"], row["denominator"], row["value"]) == (hits, among, hits / among)


def test_a_trial_without_an_answer_is_in_no_ratio():
    rows = [*TRIALS, (1, 0, np.nan, np.nan, 0)]
    assert ratios.AGREEMENT(trials(rows)).loc["p", "denominator"] == 7
    assert ratios.OVER_RELIANCE(trials(rows)).loc["p", "denominator"] == 3


def score(measure, **columns):
    frame = pd.DataFrame(columns, dtype=float).assign(participant="p")
    return measure(frame).loc["p", "value"]


def test_the_weight_of_advice_is_a_median_and_its_clipped_form_a_mean_within_0_and_1():
    weights = [-1.0, 0.2, 0.4, 3.0, 0.3]
    assert score(scores.weight_of_advice, weight_of_advice=weights) == 0.3
    clipped = score(scores.clipped_weight_of_advice, weight_of_advice=weights)
    assert clipped == pytest.approx((0 + 0.2 + 0.4 + 1 + 0.3) / 5)


def test_who_is_surer_than_right_is_overconfident():
    given = {"probability": [0.9, 0.9], "final_right": [1.0, 0.0]}
    assert score(scores.overconfidence, **given) == pytest.approx(0.4)


def named(rows, **columns):
    """Behaviour trials of the rows, with these columns named in the plan."""
    plan = replace(NO_PLAN, behaviour=Behaviour(**columns))
    trials = [{"participant": "p", "arm": "a", **row} for row in rows]
    return behaviour_trials(study_data(trials=trials, plan=plan))


def test_a_weight_of_advice_needs_advice_that_differs_by_the_smallest_gap():
    rows = [
        {"e1": 10.0, "e2": 20.0, "e3": 15.0},
        {"e1": 10.0, "e2": 14.0, "e3": 12.0},
        {"e1": 20.0, "e2": 10.0, "e3": 10.0},
    ]
    columns = {"estimate_first": "e1", "estimate_advice": "e2", "estimate_final": "e3"}
    found = named(rows, **columns, smallest_gap=5.0)["weight_of_advice"]
    assert found.iloc[[0, 2]].tolist() == [0.5, 1.0]
    assert np.isnan(found.iloc[1])


def test_confidence_becomes_a_probability_within_the_range_that_the_plan_names():
    rows = [{"sure": sure} for sure in (1.0, 3.0, 5.0)]
    ranges = {"confidence_range": (1, 5), "probability_range": (0.5, 1)}
    found = named(rows, confidence="sure", **ranges)["probability"]
    assert found.tolist() == [0.5, 0.75, 1.0]


def test_measures_count_everyone_randomised_who_completed_stopped_or_left_silently():
    rows = [
        {"participant": person, "arm": "a", "agreed": agreed, "advice": "car", "truth": "car"}
        for person, agreed in (("p", 1), ("q", 0), ("r", 1))
    ]
    named_columns = Behaviour(accepted="agreed", advice="advice", truth="truth")
    plan = replace(NO_PLAN, behaviour=named_columns)
    data = study_data(
        participants=["p", "q", "r"],
        states=["completed", "stopped", "started"],
        trials=rows,
        plan=plan,
    )
    data.participants["arm_label"] = "A"
    measures = {one.key: one for one in behaviour(data).arms[0].measures}
    assert (measures["agreement"].numerator, measures["agreement"].denominator) == (2, 3)


def people(right, **columns):
    """Twenty people of one trial each, so many of them right."""
    rows = [
        {"participant": f"p{n}", "final_right": float(n < right), "first_right": np.nan, **columns}
        for n in range(20)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("alone", "classifier", "complements"), [(4, 0.0, True), (19, 0.0, False), (4, 1.0, False)]
)
def test_a_team_complements_only_if_it_beats_people_and_classifier(alone, classifier, complements):
    found = complementarity("a", "A", people(17, advice_right=classifier), people(alone), 0.95)
    assert found.over_human.value == pytest.approx((17 - alone) / 20)
    assert found.over_ai.value == pytest.approx(17 / 20 - classifier)
    assert found.over_better.value == pytest.approx(17 / 20 - max(alone / 20, classifier))
    assert found.complements == complements


def test_the_calibration_error_weighs_each_statement_by_its_trials():
    stated = [0.6] * 30 + [0.9] * 10
    right = [1.0] * 15 + [0.0] * 15 + [1.0] * 8 + [0.0] * 2
    frame = pd.DataFrame(
        {
            "participant": [f"p{n % 10}" for n in range(40)],
            "probability": stated,
            "final_right": right,
        }
    )
    found = expected_calibration_error(frame)
    assert found.value == pytest.approx(30 / 40 * abs(0.6 - 0.5) + 10 / 40 * abs(0.9 - 0.8))


def test_a_time_of_zero_is_no_time():
    times = _times(pd.Series([0.0, 1.0, 5.0]), 0)
    assert times.isna().tolist() == [True, False, False]
    assert _times(pd.Series([1.0, 5.0]), 2).isna().tolist() == [True, False]
