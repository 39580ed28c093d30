"""Decisions that the analysis derives from each trial, task by task, on tables in memory."""

import pandas as pd
import pytest

from analysis.study_data.decisions import with_decisions

TASKS = [
    # columns of the trial, decision_correct, advice_followed
    ({"agreed": 1, "prediction_correct": 1}, 1, 1),
    ({"agreed": 1, "prediction_correct": 0}, 0, 1),
    ({"agreed": 0, "prediction_correct": 0}, 1, 0),
    ({"final_answer": "cat", "true_class": "cat", "predicted_class": "dog"}, 1, 0),
    ({"final_answer": "dog", "true_class": "cat", "predicted_class": "dog"}, 0, 1),
    ({"guessed_answer": "dog", "predicted_class": "dog"}, 1, None),
    ({"guessed_answer": "cat", "predicted_class": "dog"}, 0, None),
    ({"chosen_map": "b", "predicted_map": "b"}, 1, None),
    ({"chosen_map": "a", "predicted_map": "b"}, 0, None),
    ({"rated_right": 3, "prediction_correct": 1}, 1, None),
    ({"rated_right": 2, "prediction_correct": 1}, 0, None),
    ({"rated_right": 1, "prediction_correct": 0}, 1, None),
]


@pytest.mark.parametrize(("trial", "decided", "followed"), TASKS)
def test_each_task_defines_whether_a_decision_is_right_and_follows_the_advice(
    trial, decided, followed
):
    row = with_decisions(pd.DataFrame([{"prediction_correct": 1, **trial}])).iloc[0]
    assert row["decision_correct"] == decided
    assert (
        row["advice_followed"] is pd.NA if followed is None else row["advice_followed"] == followed
    )


def test_what_was_not_answered_is_no_decision():
    unanswered = {"final_answer": None, "true_class": "cat", "predicted_class": "cat"}
    row = with_decisions(pd.DataFrame([{"prediction_correct": 1, **unanswered}])).iloc[0]
    assert row["decision_correct"] is pd.NA
    assert row["advice_followed"] is pd.NA
