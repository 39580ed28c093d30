"""Each rule of exclusion on a few rows: whom it flags, and whom it leaves undecided."""

import pytest

from analysis.plan.tables import Exclusion
from analysis.study_data.exclusions import rules
from tests.analysis.study_data.tables import study_data


def flagged(function, data, **fields):
    """By participant, in the order of the table: flagged, and undecided."""
    found = function(data, Exclusion("k", "K", "rule", **fields))
    return found.flagged.tolist(), found.undecided.tolist()


def trials(column, *values, person="p", block="1"):
    return [{"participant": person, "block": block, column: value} for value in values]


def test_who_left_without_stopping_did_not_complete_either():
    people = {"participants": "pqr", "states": ("completed", "started", "stopped")}
    data = study_data(**people)
    assert flagged(rules.not_completed, data) == ([False, True, True], [False, False, False])


def test_a_value_of_the_participant_that_is_missing_is_undecided():
    data = study_data(participants=["p", "q"])
    data.participants["seconds_total"] = [90.0, None]
    found = flagged(rules.participant_value, data, column="seconds_total", below=120)
    assert found == ([True, False], [False, True])


@pytest.mark.parametrize("condition", ["below", "above"])
def test_the_limit_itself_is_neither_below_nor_above(condition):
    data = study_data(trials=trials("response_time_ms", 1000.0))
    found = flagged(rules.trials_that_fit, data, column="response_time_ms", **{condition: 1000})
    assert found == ([False], [False])


def test_a_value_beside_the_limit_is():
    data = study_data(trials=trials("response_time_ms", 1000.0))
    for condition in ({"below": 1000.5}, {"above": 999.5}):
        fields = {"column": "response_time_ms", **condition}
        assert flagged(rules.trials_that_fit, data, **fields) == ([True], [False])


def test_a_check_whose_expected_answer_is_unknown_differs_from_nothing():
    rows = [{"participant": "p", "said": "a", "there": None}]
    data = study_data(trials=rows)
    fields = {"column": "said", "differs_from": "there"}
    assert flagged(rules.trials_that_fit, data, **fields) == ([False], [True])


@pytest.mark.parametrize(("condition", "fits"), [("equals", True), ("other_than", False)])
def test_text_is_compared_as_it_is_written(condition, fits):
    data = study_data(trials=trials("group", "4"))
    fields = {"column": "group", condition: 4}
    assert flagged(rules.trials_that_fit, data, **fields) == ([fits], [False])


def same(data, *columns, at_least=1):
    fields = {"columns": columns or ("agreed",), "block": "block", "at_least": at_least}
    return flagged(rules.same_choices, data, **fields)


def test_every_column_must_stay_the_same_in_a_block():
    rows = [
        {"participant": "p", "block": "1", "agreed": 1, "sureness": sureness}
        for sureness in (1, 2, 3)
    ]
    data = study_data(trials=rows)
    assert same(data, "agreed") == ([True], [False])
    assert same(data, "agreed", "sureness") == ([False], [False])


def test_a_block_that_nobody_decided_is_no_repetition_and_is_undecided():
    data = study_data(trials=trials("agreed", None, None))
    assert same(data) == ([False], [True])


def test_a_missing_choice_among_equal_ones_is_another_choice():
    data = study_data(trials=trials("agreed", 1, 1, None))
    assert same(data) == ([False], [False])


def test_so_many_blocks_must_be_constant():
    rows = trials("agreed", 1, 1) + trials("agreed", 0, 0, block="2")
    data = study_data(trials=rows)
    assert same(data, at_least=2) == ([True], [False])
    assert same(data, at_least=3) == ([False], [False])


def test_two_blocks_of_a_single_trial_are_no_constant_blocks():
    rows = trials("agreed", 1) + trials("agreed", 1, block="2") + trials("agreed", 1, block="3")
    assert same(study_data(trials=rows)) == ([False], [False])


def straight(*values, alike=()):
    items = tuple(f"i{number}" for number in range(len(values)))
    answers = [
        {"participant": "p", "item": item, "value": value}
        for item, value in zip(items, values, strict=True)
    ]
    data = study_data(answers=answers)
    return flagged(rules.same_answers, data, items=items, alike=alike)


def test_the_same_answers_throughout_are_flagged_and_one_answer_is_not_enough():
    assert straight("6", "6", "6") == ([True], [False])
    assert straight("6", "6", "5") == ([False], [False])
    assert straight("6", None, None) == ([False], [True])


def test_does_not_apply_is_an_answer_of_its_own():
    assert straight("6", "6", "does_not_apply") == ([False], [False])
    assert straight("does_not_apply", "does_not_apply") == ([True], [False])


def test_answers_that_the_plan_calls_alike_count_as_one():
    assert straight("6", "7", "6", alike=((6, 7),)) == ([True], [False])
    assert straight("6", "7", "5", alike=((6, 7),)) == ([False], [False])


def test_the_same_answers_count_each_time_that_a_questionnaire_is_asked():
    def in_two_blocks(before, after):
        answers = [
            {"participant": "p", "block": block, "item": f"i{number}", "value": value}
            for block, values in (("1", before), ("2", after))
            for number, value in enumerate(values)
        ]
        data = study_data(answers=answers)
        return flagged(rules.same_answers, data, items=("i0", "i1"), alike=())

    assert in_two_blocks("44", "22") == ([True], [False])
    assert in_two_blocks("45", "45") == ([False], [False])


def test_items_asked_once_count_together_on_whatever_page_they_are():
    answers = [
        {"participant": "p", "block": block, "item": item, "value": "4"}
        for block, item in (("1", "i0"), ("2", "i1"))
    ]
    data = study_data(answers=answers)
    assert flagged(rules.same_answers, data, items=("i0", "i1"), alike=()) == ([True], [False])
