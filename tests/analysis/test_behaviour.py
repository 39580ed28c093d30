"""Measures of behaviour: worked by hand on small tables; what does not exist is missing."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.plan.plan import MEASURES, Outcome
from analysis.sections.behaviour.measures import behaviour, participant_measure, per_participant
from analysis.sections.behaviour.ratios import OVER_RELIANCE, RAIR, RSR, SWITCHING, UNDER_RELIANCE
from analysis.sections.behaviour.scores import criterion, d_prime
from analysis.statistics.estimate import Estimate, NotEstimable
from analysis.study_data.study_data import read_study
from tests.analysis.tidy import edit, page_of

TWO_STAGE = {  # first, advice, final, truth: (first right, advice right, final right, followed)
    "wrong, then right by right advice": (0, 1, 1, 1),
    "wrong, right advice refused": (0, 1, 0, 0),
    "right, wrong advice refused": (1, 0, 1, 0),
    "right, wrong advice followed": (1, 0, 0, 1),
    "right all along": (1, 1, 1, 1),
    "wrong all along": (0, 0, 0, 1),
}


def two_stage(*names, person="p"):
    rows = [TWO_STAGE[name] for name in names]
    columns = ["first_right", "advice_right", "final_right", "accepted"]
    frame = pd.DataFrame(rows, columns=columns, dtype=float)
    agreed = (frame["first_right"] == frame["advice_right"]).astype(float)
    return frame.assign(participant=person, arm="a", first_agreed=agreed)


def value(measure, *names):
    row = measure(two_stage(*names)).loc["p"]
    return row["value"], row["numerator"], row["denominator"]


def test_rair_counts_how_often_right_advice_corrected_a_wrong_answer():
    names = ["wrong, then right by right advice"] * 3 + ["wrong, right advice refused"]
    assert value(RAIR, *names, "right all along", "wrong all along") == (0.75, 3, 4)


def test_rsr_counts_how_often_a_right_answer_withstood_wrong_advice():
    names = ["right, wrong advice refused"] + ["right, wrong advice followed"] * 3
    assert value(RSR, *names, "right all along") == (0.25, 1, 4)


def test_switching_looks_only_at_trials_where_the_advice_differed():
    names = ["wrong, then right by right advice", "right, wrong advice refused", "right all along"]
    assert value(SWITCHING, *names) == (0.5, 1, 2)


def test_over_and_under_reliance_condition_on_the_advice():
    names = list(TWO_STAGE)
    assert value(OVER_RELIANCE, *names) == (pytest.approx(2 / 3), 2, 3)
    assert value(UNDER_RELIANCE, *names) == (pytest.approx(1 / 3), 1, 3)


@pytest.mark.parametrize("measure", [RAIR, RSR])
def test_nothing_over_nothing_is_missing_and_not_zero(measure):
    found, numerator, denominator = value(measure, "right all along", "right all along")
    assert np.isnan(found)
    assert (numerator, denominator) == (0, 0)


def detection(accepts_right, n_right, accepts_wrong, n_wrong):
    rows = [(1.0, float(i < accepts_right)) for i in range(n_right)]
    rows += [(0.0, float(i < accepts_wrong)) for i in range(n_wrong)]
    frame = pd.DataFrame(rows, columns=["advice_right", "accepted"])
    return frame.assign(participant="p", arm="a")


def test_d_prime_and_criterion_use_the_log_linear_correction():
    trials = detection(8, 8, 1, 4)
    hit, false_alarm = stats.norm.ppf(8.5 / 9), stats.norm.ppf(1.5 / 5)
    assert d_prime(trials)["value"]["p"] == pytest.approx(hit - false_alarm)
    assert criterion(trials)["value"]["p"] == pytest.approx(-(hit + false_alarm) / 2)


def test_who_saw_no_wrong_advice_has_no_d_prime():
    assert d_prime(detection(5, 8, 0, 0))["value"].isna().all()


def test_accepting_everything_is_bias_not_discrimination():
    trials = detection(50, 50, 50, 50)
    assert d_prime(trials)["value"]["p"] == pytest.approx(0)
    assert criterion(trials)["value"]["p"] < -2


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.key)
def test_every_listed_measure_can_be_resolved_and_names_known_columns(measure):
    from analysis.plan.catalogues.behaviour_measures import DERIVED_FROM

    assert callable(per_participant(measure))
    assert measure.label
    assert set(measure.needs) <= set(DERIVED_FROM)


COLUMNS = {  # ours for every measure, as a foreign study might name them
    "first": "f",
    "advice": "predicted_class",
    "final": "l",
    "truth": "true_class",
    "confidence": "sure",
    "confidence_range": [0, 100],
    "probability_range": [0, 1],
    "estimate_first": "e1",
    "estimate_advice": "e2",
    "estimate_final": "e3",
    "smallest_gap": 5,
    "guess": "g",
    "chance": 0.25,
    "response_time": "response_time_ms",
    "shortest_time": 200,
}


@pytest.fixture
def full(folder):
    """The small study with two answers a trial, sliders and a guess, and all of it in the plan."""
    rng = np.random.default_rng(4)
    columns = ["f", "l", "g", "sure", "e1", "e2", "e3"]

    def add(frame):
        n = len(frame)
        other = frame["true_class"].where(rng.random(n) < 0.6, "boat")
        return frame.assign(
            f=other,
            l=frame["predicted_class"].where(rng.random(n) < 0.5, other),
            g=frame["predicted_class"].where(rng.random(n) < 0.7, "boat"),
            sure=rng.integers(0, 101, n).astype(str),
            e1=rng.integers(10, 40, n).astype(str),
            e2=rng.integers(60, 90, n).astype(str),
            e3=rng.integers(40, 60, n).astype(str),
        )

    def describe(frame):
        for name in columns:
            row = dict.fromkeys(frame.columns, "") | {
                "file": "trials.csv",
                "column": name,
                "type": "text" if name in "flg" else "number",
            }
            frame.loc[len(frame)] = row
        return frame

    edit(folder, "trials.csv", add)
    edit(folder, "codebook.csv", describe)
    lines = "\n".join(f"{key} = {json.dumps(entry)}" for key, entry in COLUMNS.items())
    plan = folder / "plan.toml"
    plan.write_text(
        f'human_alone = "placebo"\n{plan.read_text()}\n[[outcomes]]\nkey = "rair"\nlabel = "RAIR"\n'
        f'kind = "behaviour"\nmeasure = "rair"\nfamily = "reliance"\n\n[behaviour]\n{lines}\n'
    )
    return folder


def measures(data, arm="gradcam"):
    found = next(one for one in behaviour(data).arms if one.arm == arm)
    return {one.key: one for one in found.measures}


def test_a_plan_that_names_all_columns_gets_all_measures(full):
    found = measures(read_study(full))
    assert set(found) == {measure.key for measure in MEASURES}
    assert all(isinstance(one.estimate, Estimate | NotEstimable) for one in found.values())


def test_measures_are_those_counted_by_hand_from_the_trials(full):
    data = read_study(full)
    found = measures(data)
    trials = data.trials[data.trials["arm"] == "gradcam"]
    right_advice = trials["predicted_class"] == trials["true_class"]
    chances = trials[(trials["f"] != trials["true_class"]) & right_advice]
    taken = chances["l"] == chances["true_class"]
    assert (found["rair"].numerator, found["rair"].denominator) == (taken.sum(), len(chances))
    own = taken.groupby(chances["participant"]).mean()
    assert found["rair"].estimate.value == pytest.approx(own.mean())
    assert found["rair"].defined + found["rair"].undefined == 4
    weights = (trials["e3"] - trials["e1"]) / (trials["e2"] - trials["e1"])
    medians = weights.astype(float).groupby(trials["participant"]).median()
    assert found["woa"].estimate.value == pytest.approx(medians.mean())
    gap = (trials["sure"] / 100 - (trials["l"] == trials["true_class"])) ** 2
    assert found["brier"].estimate.value == pytest.approx(
        gap.astype(float).groupby(trials["participant"]).mean().mean()
    )
    logs = np.log(trials["response_time_ms"].astype(float)).groupby(trials["participant"]).mean()
    assert found["response_time"].estimate.value == pytest.approx(np.exp(logs.mean()))


def test_guessing_at_chance_is_zero_above_chance(full):
    found = measures(read_study(full))
    share, above = found["simulation"].estimate.value, found["simulation_above_chance"].estimate
    assert above.value == pytest.approx((share - 0.25) / 0.75)
    assert above.p is not None


@pytest.mark.every_section
def test_a_measure_can_be_an_outcome_and_is_compared_between_arms(full):
    results, report = page_of(full)
    outcome = next(one for one in results.outcomes if one.outcome.key == "rair")
    assert sum(arm.n for arm in outcome.found.arms) <= 12
    assert "Relative AI reliance (RAIR)" in report
    assert "Over the better" in report


def test_an_undefined_measure_is_missing_in_the_scores(full):
    def always_right(frame):
        first = frame["participant"] == frame["participant"].iloc[0]
        frame.loc[first, "f"] = frame.loc[first, "true_class"]
        return frame

    data = read_study(edit(full, "trials.csv", always_right))
    scores = participant_measure(data, Outcome("r", "R", "behaviour", measure="rair"))
    assert np.isnan(scores.iloc[0])
    assert scores.notna().any()


def test_complementarity_is_against_the_better_of_people_and_classifier(full):
    data = read_study(full)
    row = next(one for one in behaviour(data).complementarity if one.arm == "gradcam")
    trials = data.trials.assign(
        team=data.trials["l"] == data.trials["true_class"],
        alone=data.trials["f"] == data.trials["true_class"],
    )
    own = trials[trials["arm"] == "gradcam"].groupby("participant")["team"].mean().mean()
    human = trials[trials["arm"] == "placebo"].groupby("participant")["alone"].mean().mean()
    assert row.over_human.value == pytest.approx(own - human)
    assert row.over_ai.value == pytest.approx(own - 8 / 12)
    assert row.over_better.value == pytest.approx(own - max(human, 8 / 12))
    assert row.complements == (row.over_better.low > 0)


def test_the_platforms_own_columns_need_no_naming(planted_results):
    found = {one.key: one for one in planted_results.behaviour.arms[0].measures}
    assert {"agreement", "over_reliance", "d_prime", "auroc", "response_time"} <= set(found)
    assert "rair" not in found  # one answer a trial has no first answer
    agreement = planted_results.agreement[0]
    assert found["over_reliance"].estimate.value == agreement.agreement_wrong.value
    assert found["accuracy"].estimate.value == agreement.decision_accuracy.value


def test_answers_faster_than_the_shortest_time_are_no_response_times(full):
    def hurry(frame):
        first = frame["participant"] == frame["participant"].iloc[0]
        frame.loc[first, "response_time_ms"] = "150"
        return frame

    data = read_study(edit(full, "trials.csv", hurry))
    lacking = [measures(data, arm)["response_time"].undefined for arm in data.plan.arms]
    assert sum(lacking) == 1
