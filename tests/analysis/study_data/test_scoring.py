"""From clicks to scores."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.plan.plan import Outcome
from analysis.study_data.scoring import (
    mean_of_items,
    questionnaire_score,
    reverse,
    scores_by_time,
    settled,
    trial_mean,
)
from analysis.study_data.study_data import read_study
from tests.analysis.study_data.tables import study_data
from tests.analysis.tidy import edit

CODEBOOK = pd.DataFrame(
    {"item": ["a", "b"], "reversed": [0, 1], "minimum": [1.0, 2.0], "maximum": [7.0, 5.0]}
)
TRUST = Outcome("trust", "Trust", "scale", scale="trust")


def test_only_reversed_items_are_turned_within_their_own_range():
    turned = reverse(pd.DataFrame({"a": [1.0, 7.0], "b": [2.0, 4.0]}), CODEBOOK)
    assert turned["a"].tolist() == [1, 7]
    assert turned["b"].tolist() == [5, 3]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(2, 5), min_size=1, max_size=8))
def test_reversing_twice_gives_the_answers_back_and_stays_in_range(values):
    answers = pd.DataFrame({"b": np.array(values, dtype=float)})
    once = reverse(answers, CODEBOOK)
    assert once["b"].between(2, 5).all()
    assert reverse(once, CODEBOOK).equals(answers)


@pytest.mark.parametrize(("answered", "scored"), [(5, True), (4, True), (3, False), (0, False)])
def test_four_of_five_items_make_a_score_and_three_do_not(answered, scored):
    row = [1.0, 2.0, 3.0, 4.0, 5.0][:answered] + [np.nan] * (5 - answered)
    score = mean_of_items(pd.DataFrame([row])).iloc[0]
    assert pd.notna(score) == scored
    if scored:
        assert score == pytest.approx(np.mean(row[:answered]))


def test_a_scale_score_is_the_mean_of_turned_answers(folder):
    def answer(frame):
        person = frame["participant"] == frame["participant"].iloc[0]
        frame.loc[person & frame["item"].str.startswith("trust"), "value"] = "7"
        frame.loc[person & frame["item"].isin(["trust3", "trust5"]), "value"] = "1"
        return frame

    data = read_study(edit(folder, "answers.csv", answer))
    assert questionnaire_score(data, TRUST).iloc[0] == 7


def test_an_unanswered_item_is_no_zero(folder):
    def leave_out(frame):
        person = frame["participant"] == frame["participant"].iloc[0]
        frame.loc[person & frame["item"].str.startswith("trust"), "value"] = "1"
        frame.loc[person & frame["item"].isin(["trust3", "trust5"]), "value"] = "7"
        frame.loc[person & (frame["item"] == "trust1"), "value"] = ""
        return frame

    scores = questionnaire_score(read_study(edit(folder, "answers.csv", leave_out)), TRUST)
    assert scores.iloc[0] == 1
    assert scores.notna().all()


def summed(frame):
    """The codebook in which every scale is a sum."""
    return frame.assign(score=frame["item"].map(lambda item: "sum" if item else ""))


def answer_trust(**values):
    """The first participant's answers to items of the scale trust."""

    def change(frame):
        person = frame["participant"] == frame["participant"].iloc[0]
        for item, value in values.items():
            frame.loc[person & (frame["item"] == item), "value"] = value
        return frame

    return change


def test_a_sum_scale_adds_the_turned_answers_up(folder):
    answers = answer_trust(trust1="7", trust2="6", trust3="2", trust4="5", trust5="1", trust6="4")
    edit(folder, "answers.csv", answers)
    means = questionnaire_score(read_study(folder), TRUST)
    data = read_study(edit(folder, "codebook.csv", summed))
    sums = questionnaire_score(data, TRUST)
    assert sums.iloc[0] == 7 + 6 + (8 - 2) + 5 + (8 - 1) + 4
    assert sums.to_numpy() == pytest.approx(6 * means.to_numpy())


def test_a_sum_with_an_unanswered_item_is_projected_to_all_items(folder):
    answers = answer_trust(trust1="", trust2="6", trust3="2", trust4="5", trust5="1", trust6="4")
    edit(folder, "answers.csv", answers)
    data = read_study(edit(folder, "codebook.csv", summed))
    assert questionnaire_score(data, TRUST).iloc[0] == pytest.approx(6 * (6 + 6 + 5 + 7 + 4) / 5)


def test_a_trial_mean_takes_the_answered_trials_that_fit(folder):
    def decide(frame):
        person = frame["participant"] == frame["participant"].iloc[0]
        wrong = frame["prediction_correct"] == "0"
        frame.loc[person & wrong, "agreed"] = ["1", "1", "0", ""]
        return frame

    data = read_study(edit(folder, "trials.csv", decide))
    where = {"prediction_correct": 0}
    outcome = Outcome("x", "X", "trial_mean", column="agreed", where=where)
    person = data.trials["participant"].iloc[0]
    assert trial_mean(data, outcome)[person] == pytest.approx(2 / 3)


def test_who_answered_no_such_trial_has_no_score(folder):
    first = "P00000001"
    data = read_study(
        edit(folder, "trials.csv", lambda frame: frame[frame["participant"] != first])
    )
    scores = trial_mean(data, Outcome("x", "X", "trial_mean", column="agreed"))
    assert np.isnan(scores[first])
    assert scores.drop(first).notna().all()


def test_a_single_item_is_turned_if_it_is_a_reversed_one(folder):
    def answer(frame):
        return frame.assign(
            value=frame["value"].mask(frame["item"].isin(["trust2", "trust3"]), "6")
        )

    data = read_study(edit(folder, "answers.csv", answer))
    plain = questionnaire_score(data, Outcome("a", "A", "item", item="trust2"))
    turned = questionnaire_score(data, Outcome("b", "B", "item", item="trust3"))
    assert (plain == 6).all()
    assert (turned == 2).all()


def test_the_mean_of_logarithms_is_that_of_the_trials_own_logarithms(folder):
    data = read_study(folder)
    outcome = Outcome("rt", "RT", "trial_mean", column="response_time_ms", transform="log")
    person = data.trials["participant"].iloc[0]
    own = data.trials.loc[data.trials["participant"] == person, "response_time_ms"].astype(float)
    assert trial_mean(data, outcome)[person] == pytest.approx(np.log(own).mean())


SCALE = Outcome("x", "X", "scale", scale="s")
TWO_ITEMS = [{"item": "i1"}, {"item": "i2", "reversed": 1}]


def answered(item, value, **more):
    return {"participant": "p", "item": item, "value": value, **more}


def test_no_mean_is_taken_of_two_answers_to_an_item():
    answers = [answered("i1", "2"), answered("i1", "5"), answered("i2", "7")]
    data = study_data(answers=answers, items=TWO_ITEMS)
    with pytest.raises(ValueError, match="duplicate"):
        questionnaire_score(data, SCALE)


@pytest.mark.parametrize(
    ("codebook", "plan", "scored"),
    [(None, None, False), (0.5, None, True), (0.5, 1.0, False), (None, 0.5, True)],
)
def test_how_many_items_must_be_answered_is_the_plans_else_the_codebooks(codebook, plan, scored):
    items = [{**item, "minimum_answered": codebook} for item in TWO_ITEMS]
    data = study_data(answers=[answered("i1", "3")], items=items)
    outcome = Outcome("x", "X", "scale", scale="s", min_answered=plan)
    assert pd.notna(questionnaire_score(data, outcome)["p"]) == scored


def test_an_item_of_the_same_name_on_another_questionnaire_is_not_counted():
    answers = [answered("i1", "2"), answered("i2", "2"), answered("i1", "7", questionnaire="r")]
    data = study_data(answers=answers, items=TWO_ITEMS)
    assert questionnaire_score(data, SCALE)["p"] == (2 + 6) / 2


def test_block_scores_are_turned_and_leave_out_what_was_answered_outside_the_blocks():
    answers = [
        *(answered("i1", "7", block="1"), answered("i2", "2", block="1")),
        *(answered("i1", "1", block="2"), answered("i2", "4", block="2")),
        *(answered("i1", "6"), answered("i2", "6")),
    ]
    data = study_data(answers=answers, items=TWO_ITEMS)
    outcome = Outcome("x", "X", "scale", scale="s", analysis="repeated", within="block")
    scores = scores_by_time(data, outcome)
    assert scores.to_dict("list") == {"1": [(7 + 6) / 2], "2": [(1 + 4) / 2]}


def trial(**columns):
    plain = {"agreed": 1, "prediction_correct": 1, "decision_correct": 1, "response_time_ms": 100.0}
    return {"participant": "p", **plain, **columns}


def mean_time(trials, **options):
    outcome = Outcome("x", "X", "trial_mean", column="response_time_ms", **options)
    return trial_mean(study_data(trials=trials), outcome)["p"]


def test_a_trial_without_a_decision_does_not_count():
    undecided = trial(decision_correct=None, agreed=None, response_time_ms=900.0)
    assert mean_time([trial(), undecided]) == 100


def test_a_table_without_any_decision_counts_every_trial():
    assert mean_time([trial(decision_correct=None, response_time_ms=300.0)]) == 300


def test_every_condition_of_where_must_hold():
    trials = [
        trial(response_time_ms=1.0, prediction_correct=0, agreed=1),
        trial(response_time_ms=10.0, prediction_correct=0, agreed=0),
        trial(response_time_ms=100.0, prediction_correct=1, agreed=1),
        trial(response_time_ms=1000.0, prediction_correct=None, agreed=1),
    ]
    assert mean_time(trials, where={"prediction_correct": 0, "agreed": 1}) == 1
    assert mean_time(trials, where={"agreed": 1, "prediction_correct": 0}) == 1


def test_a_time_of_zero_has_no_logarithm_and_does_not_count():
    trials = [trial(response_time_ms=0.0), trial(response_time_ms=100.0)]
    assert mean_time(trials, transform="log") == pytest.approx(np.log(100))


def test_equal_means_of_decimal_numbers_are_tied_whatever_the_order():
    values = pd.Series([0.1, 0.2, 0.3, 0.3, 0.2, 0.1])
    means = values.groupby([1, 1, 1, 2, 2, 2]).mean()
    assert means.nunique() == 2  # without the cure
    assert settled(means, values).nunique() == 1
    whole = pd.Series([1, 2, 2])
    assert settled(whole.groupby([1, 1, 1]).mean(), whole).iloc[0] == 5 / 3
